from django.utils.translation import gettext_lazy as _

from integrations.core.registry import IntegrationKind, NavigationItem, Role, StreamKind, register
from integrations.vendors.autotask import VENDOR as AUTOTASK

from .alerts import CHECKING
from .bulk import carry_out
from .checking import refresh_ticket
from .failures import FAILURES
from .guides import GUIDE, SECTIONS
from .importing.flow import import_file
from .models import TicketOptions
from .noting import recover_note
from .overview import CHARTS, FIGURES, panels
from .permissions import PERMISSIONS, VIEW_CUSTOMER, VIEW_RUN, VIEW_SETTINGS
from .readopting import readopt
from .recovery import recover_creation
from .reference import ask_for_labels, refresh_reference_job, resolve_options
from .resolving import recover_resolution
from .searching import search
from .setup import ROLE
from .streams import link_validation, mapping_check, reference_data
from .suggesting import suggest_companies
from .tiles import tiles
from .webhooks import look_at
from .work_lists import customers_badge, runs_badge

register(
    IntegrationKind(
        slug="backup_tickets",
        label=_("Backup tickets"),
        roles=(Role(ROLE, "Autotask", AUTOTASK),),
        streams=(
            StreamKind("mapping_check", _("Check of the company mappings"), mapping_check, interval_minutes=24 * 60),
            StreamKind(
                "link_validation",
                _("Validation of the open tickets"),
                link_validation,
                interval_minutes=60,
                hinted_by=(ROLE,),
                run_hint=look_at,
            ),
            StreamKind("reference_data", _("Refresh of the reference data"), reference_data, interval_minutes=24 * 60),
        ),
        options=TicketOptions,
        resolve_options=resolve_options,
        options_saved=ask_for_labels,
        jobs={
            "recover_creation": recover_creation,
            "recover_note": recover_note,
            "recover_resolution": recover_resolution,
            "refresh_ticket": refresh_ticket,
            "refresh_reference": refresh_reference_job,
            "import_file": import_file,
            "suggest_companies": suggest_companies,
            "carry_out_bulk": carry_out,
        },
        pages={"run": "admin:backup_tickets_run_change", "customer": "admin:backup_tickets_customer_change"},
        permissions=PERMISSIONS,
        navigation=(
            NavigationItem(
                _("Run Checks"), "fact_check", "admin:backup_tickets_run_changelist", VIEW_RUN, badge=runs_badge
            ),
            NavigationItem(
                _("Backup jobs"), "backup", "admin:backup_tickets_backupjob_changelist", "backup_tickets.view_backupjob"
            ),
            NavigationItem(
                _("Customers"),
                "domain",
                "admin:backup_tickets_customer_changelist",
                VIEW_CUSTOMER,
                badge=customers_badge,
            ),
            NavigationItem(
                _("Ticket settings"), "tune", "admin:backup_tickets_ticketoptions_changelist", VIEW_SETTINGS, "Set-up"
            ),
        ),
        guide=GUIDE,
        guides=SECTIONS,
        dashboard=tiles,
        alert_rules=(CHECKING,),
        failures=FAILURES,
        panels=panels,
        figures=FIGURES,
        charts=CHARTS,
        search=search,
        readopt=readopt,
    )
)
