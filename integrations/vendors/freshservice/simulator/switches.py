"""The simulator's switches: what no source settles for live tenants, and what a tenant may be like."""

from __future__ import annotations


class Switches:
    """Plain attributes, set on the running simulator or by `POST /_simulator/do` (`switch`); a reset restores them."""

    # Not settled by any source: the default is what most sources say.
    large_page: str = "refuse"
    link_relations: bool = False
    sorts_by_update: bool = False
    form_fields_key: str = "ticket_fields"
    fields_per_workspace: bool = False
    agents_are_requesters: bool = False
    attachment_route: bool = False
    reply_edit_status: int = 400
    refusal_bodies: bool = True
    included_conversations: int = 10
    filter_page: int = 30
    filter_pages: int = 40
    index_lag: bool = False
    files_per_call: int = 0
    url_lifetime: int = 86_400
    urls_reminted: bool = True
    inline_tokens_expire: bool = True
    expired_status: int = 403
    note_touches_ticket: bool = True
    early_404s: int = 0
    # What a tenant may be like.
    plan: str = "starter"
    limited: bool = True
    forbidden: bool = False
    conversation_order: str = "desc"
    closure_needs_category: bool = False
    file_redirect: str = ""


SWITCHES = {
    "large_page": "per_page beyond 100: `refuse` (400) or `clamp`",
    "link_relations": "the Link header also names the first, previous and last page, and so is always there",
    "sorts_by_update": "lists are ordered by their last change, not by creation",
    "form_fields_key": "the envelope of the ticket's form fields",
    "fields_per_workspace": "each workspace has category values of its own",
    "agents_are_requesters": "a requester's address also answers for agents",
    "attachment_route": "GET /attachments/{id} leads to the file; otherwise there is no such route",
    "reply_edit_status": "the status of a change of a reply (400 or 405)",
    "refusal_bodies": "refusals carry a body",
    "included_conversations": "how many conversations include=conversations shows",
    "filter_page": "rows of a page of /tickets/filter",
    "filter_pages": "pages of /tickets/filter, at most",
    "index_lag": "/tickets/filter does not see new tickets until `release_index`",
    "files_per_call": "files that one call may bring; 0 for any number",
    "url_lifetime": "seconds that a signed address of a file lives",
    "urls_reminted": "each read signs the addresses of files anew",
    "inline_tokens_expire": "the token of an inline image lives as long as a signed address",
    "expired_status": "the status of an expired or forged address of a file",
    "note_touches_ticket": "a conversation moves its ticket's updated_at",
    "early_404s": "so many reads of a new ticket answer 404",
    "plan": "starter, growth, pro or enterprise",
    "limited": "the limits of the plan are kept",
    "forbidden": "the agent of the key lacks every permission",
    "conversation_order": "`asc`, `desc` or `shuffled`",
    "closure_needs_category": "a ticket without a category cannot be resolved or closed",
    "file_redirect": "an origin to which the files' host redirects every download",
}
