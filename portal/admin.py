from unfold.sites import UnfoldAdminSite


class PortalAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold publishes no types
    site_title = "Integration portal"
    site_header = "Integration portal"
