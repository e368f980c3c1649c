"""Who gets what at every address: the committed table (P23).

One row per address of the resolver and method: the status for nobody, a reporter, an operator, an admin, and an
operator limited to another client. Object pages are asked about an object of the client “Elite”. An address without
a row fails `tests/test_permissions.py`, which prints the row it saw: judge it before you paste it here.

302 to a stranger or nobody is the way to the sign-in or back to the overview; 405 means that the method is not served.
"""

from __future__ import annotations

ROLES = ("nobody", "reporter", "operator", "admin", "stranger")

TABLE = """
/                                            GET   302 302 302 302 302
/                                            POST  302 302 302 302 302
/admin/(?P<url>.*)$                          GET   302 404 404 404 404
/admin/(?P<url>.*)$                          POST  302 404 404 404 404
/admin/auth/group/<path:object_id>/          GET   302 302 302 302 302
/admin/auth/group/<path:object_id>/          POST  302 302 302 302 302
/admin/axes/accessattempt/<path:object_id>/  GET   302 302 302 302 302
/admin/axes/accessattempt/<path:object_id>/  POST  302 302 302 302 302
/admin/core/apicall/<path:object_id>/        GET   302 302 302 302 302
/admin/core/apicall/<path:object_id>/        POST  302 302 302 302 302
/admin/core/apitoken/<path:object_id>/       GET   302 302 302 302 302
/admin/core/apitoken/<path:object_id>/       POST  302 302 302 302 302
/admin/core/auditentry/<path:object_id>/     GET   302 302 302 302 302
/admin/core/auditentry/<path:object_id>/     POST  302 302 302 302 302
/admin/core/client/<path:object_id>/         GET   302 302 302 302 302
/admin/core/client/<path:object_id>/         POST  302 302 302 302 302
/admin/core/connection/<path:object_id>/     GET   302 302 302 302 302
/admin/core/connection/<path:object_id>/     POST  302 302 302 302 302
/admin/core/integration/<path:object_id>/    GET   302 302 302 302 302
/admin/core/integration/<path:object_id>/    POST  302 302 302 302 302
/admin/core/job/<path:object_id>/            GET   302 302 302 302 302
/admin/core/job/<path:object_id>/            POST  302 302 302 302 302
/admin/core/user/<path:object_id>/           GET   302 302 302 302 302
/admin/core/user/<path:object_id>/           POST  302 302 302 302 302
/admin/django_q/ormq/<path:object_id>/       GET   302 302 302 302 302
/admin/django_q/ormq/<path:object_id>/       POST  302 302 302 302 302
/admin/django_q/schedule/<path:object_id>/   GET   302 302 302 302 302
/admin/django_q/schedule/<path:object_id>/   POST  302 302 302 302 302
admin:app_list                               GET   302 200 200 200 200
admin:app_list                               POST  302 200 200 200 200
admin:auth_group_add                         GET   302 403 403 403 403
admin:auth_group_add                         POST  302 403 403 403 403
admin:auth_group_change                      GET   302 403 403 200 403
admin:auth_group_change                      POST  302 403 403 403 403
admin:auth_group_changelist                  GET   302 403 403 200 403
admin:auth_group_changelist                  POST  302 403 403 200 403
admin:auth_group_delete                      GET   302 403 403 403 403
admin:auth_group_delete                      POST  302 403 403 403 403
admin:auth_group_history                     GET   302 403 403 200 403
admin:auth_group_history                     POST  302 403 403 200 403
admin:auth_user_password_change              GET   302 403 403 200 403
admin:auth_user_password_change              POST  302 403 403 200 403
admin:autocomplete                           GET   302 403 403 403 403
admin:autocomplete                           POST  302 405 405 405 405
admin:axes_accessattempt_add                 GET   302 403 403 403 403
admin:axes_accessattempt_add                 POST  302 403 403 403 403
admin:axes_accessattempt_change              GET   302 403 403 200 403
admin:axes_accessattempt_change              POST  302 403 403 403 403
admin:axes_accessattempt_changelist          GET   302 403 403 200 403
admin:axes_accessattempt_changelist          POST  302 403 403 200 403
admin:axes_accessattempt_delete              GET   302 403 403 403 403
admin:axes_accessattempt_delete              POST  302 403 403 403 403
admin:axes_accessattempt_history             GET   302 403 403 200 403
admin:axes_accessattempt_history             POST  302 403 403 200 403
admin:core_apicall_add                       GET   302 403 403 403 403
admin:core_apicall_add                       POST  302 403 403 403 403
admin:core_apicall_change                    GET   302 403 200 200 302
admin:core_apicall_change                    POST  302 403 403 403 403
admin:core_apicall_changelist                GET   302 403 200 200 200
admin:core_apicall_changelist                POST  302 403 200 200 200
admin:core_apicall_delete                    GET   302 403 403 403 403
admin:core_apicall_delete                    POST  302 403 403 403 403
admin:core_apicall_history                   GET   302 403 200 200 302
admin:core_apicall_history                   POST  302 403 200 200 302
admin:core_apitoken_add                      GET   302 403 403 200 403
admin:core_apitoken_add                      POST  302 403 403 200 403
admin:core_apitoken_change                   GET   302 403 403 200 403
admin:core_apitoken_change                   POST  302 403 403 403 403
admin:core_apitoken_changelist               GET   302 403 403 200 403
admin:core_apitoken_changelist               POST  302 403 403 200 403
admin:core_apitoken_delete                   GET   302 403 403 403 403
admin:core_apitoken_delete                   POST  302 403 403 403 403
admin:core_apitoken_history                  GET   302 403 403 200 302
admin:core_apitoken_history                  POST  302 403 403 200 302
admin:core_auditentry_add                    GET   302 403 403 403 403
admin:core_auditentry_add                    POST  302 403 403 403 403
admin:core_auditentry_change                 GET   302 403 200 200 302
admin:core_auditentry_change                 POST  302 403 403 403 403
admin:core_auditentry_changelist             GET   302 403 200 200 200
admin:core_auditentry_changelist             POST  302 403 200 200 200
admin:core_auditentry_delete                 GET   302 403 403 403 403
admin:core_auditentry_delete                 POST  302 403 403 403 403
admin:core_auditentry_history                GET   302 403 200 200 302
admin:core_auditentry_history                POST  302 403 200 200 302
admin:core_client_add                        GET   302 403 403 200 403
admin:core_client_add                        POST  302 403 403 200 403
admin:core_client_change                     GET   302 200 200 200 302
admin:core_client_change                     POST  302 403 403 200 403
admin:core_client_changelist                 GET   302 200 200 200 200
admin:core_client_changelist                 POST  302 200 200 200 200
admin:core_client_delete                     GET   302 403 403 403 403
admin:core_client_delete                     POST  302 403 403 403 403
admin:core_client_history                    GET   302 200 200 200 404
admin:core_client_history                    POST  302 200 200 200 404
admin:core_connection_add                    GET   302 403 403 200 403
admin:core_connection_add                    POST  302 403 403 200 403
admin:core_connection_change                 GET   302 403 200 200 302
admin:core_connection_change                 POST  302 403 403 200 403
admin:core_connection_changelist             GET   302 403 200 200 200
admin:core_connection_changelist             POST  302 403 200 200 200
admin:core_connection_delete                 GET   302 403 403 403 403
admin:core_connection_delete                 POST  302 403 403 403 403
admin:core_connection_history                GET   302 403 200 200 404
admin:core_connection_history                POST  302 403 200 200 404
admin:core_connection_pause                  GET   302 405 405 405 405
admin:core_connection_pause                  POST  302 403 403 302 404
admin:core_connection_test                   GET   302 405 405 405 405
admin:core_connection_test                   POST  302 403 403 200 404
admin:core_integration_add                   GET   302 403 403 200 403
admin:core_integration_add                   POST  302 403 403 200 403
admin:core_integration_change                GET   302 403 200 200 302
admin:core_integration_change                POST  302 403 403 200 403
admin:core_integration_changelist            GET   302 403 200 200 200
admin:core_integration_changelist            POST  302 403 200 200 200
admin:core_integration_delete                GET   302 403 403 403 403
admin:core_integration_delete                POST  302 403 403 403 403
admin:core_integration_history               GET   302 403 200 200 404
admin:core_integration_history               POST  302 403 200 200 404
admin:core_job_add                           GET   302 403 403 403 403
admin:core_job_add                           POST  302 403 403 403 403
admin:core_job_change                        GET   302 403 200 200 403
admin:core_job_change                        POST  302 403 403 403 403
admin:core_job_changelist                    GET   302 403 200 200 403
admin:core_job_changelist                    POST  302 403 200 200 403
admin:core_job_delete                        GET   302 403 403 403 403
admin:core_job_delete                        POST  302 403 403 403 403
admin:core_job_history                       GET   302 403 200 200 403
admin:core_job_history                       POST  302 403 200 200 403
admin:core_user_add                          GET   302 403 403 200 403
admin:core_user_add                          POST  302 403 403 200 403
admin:core_user_change                       GET   302 403 403 200 403
admin:core_user_change                       POST  302 403 403 200 403
admin:core_user_changelist                   GET   302 403 403 200 403
admin:core_user_changelist                   POST  302 403 403 200 403
admin:core_user_delete                       GET   302 403 403 403 403
admin:core_user_delete                       POST  302 403 403 403 403
admin:core_user_history                      GET   302 403 403 200 403
admin:core_user_history                      POST  302 403 403 200 403
admin:django_q_ormq_add                      GET   302 403 403 403 403
admin:django_q_ormq_add                      POST  302 403 403 403 403
admin:django_q_ormq_change                   GET   302 403 403 200 403
admin:django_q_ormq_change                   POST  302 403 403 403 403
admin:django_q_ormq_changelist               GET   302 403 403 200 403
admin:django_q_ormq_changelist               POST  302 403 403 200 403
admin:django_q_ormq_delete                   GET   302 403 403 403 403
admin:django_q_ormq_delete                   POST  302 403 403 403 403
admin:django_q_ormq_history                  GET   302 403 403 200 403
admin:django_q_ormq_history                  POST  302 403 403 200 403
admin:django_q_schedule_add                  GET   302 403 403 403 403
admin:django_q_schedule_add                  POST  302 403 403 403 403
admin:django_q_schedule_change               GET   302 403 403 200 403
admin:django_q_schedule_change               POST  302 403 403 403 403
admin:django_q_schedule_changelist           GET   302 403 403 200 403
admin:django_q_schedule_changelist           POST  302 403 403 200 403
admin:django_q_schedule_delete               GET   302 403 403 403 403
admin:django_q_schedule_delete               POST  302 403 403 403 403
admin:django_q_schedule_history              GET   302 403 403 200 403
admin:django_q_schedule_history              POST  302 403 403 200 403
admin:index                                  GET   302 200 200 200 200
admin:index                                  POST  302 200 200 200 200
admin:jsi18n                                 GET   302 200 200 200 200
admin:jsi18n                                 POST  302 405 405 405 405
admin:login                                  GET   200 302 302 302 302
admin:login                                  POST  200 200 200 200 200
admin:logout                                 GET   302 405 405 405 405
admin:logout                                 POST  302 200 200 200 200
admin:password_change                        GET   302 200 200 200 200
admin:password_change                        POST  302 200 200 200 200
admin:password_change_done                   GET   302 200 200 200 200
admin:password_change_done                   POST  302 405 405 405 405
admin:search                                 GET   302 200 200 200 200
admin:search                                 POST  302 200 200 200 200
admin:two_factor                             GET   302 200 200 200 200
admin:two_factor                             POST  302 200 200 200 200
admin:two_factor_verify                      GET   302 200 200 200 200
admin:two_factor_verify                      POST  302 200 200 200 200
admin:view_on_site                           GET   302 404 404 404 404
admin:view_on_site                           POST  302 404 404 404 404
api_openapi                                  GET   200 200 200 200 200
api_openapi                                  POST  405 405 405 405 405
api_runs                                     GET   405 405 405 405 405
api_runs                                     POST  401 401 401 401 401
"""


def rows() -> dict[tuple[str, str], tuple[int, ...]]:
    """The table as {(address, method): status per role}."""
    found = {}
    for line in filter(str.strip, TABLE.splitlines()):
        address, method, *statuses = line.split()
        found[address, method] = tuple(map(int, statuses))
    return found
