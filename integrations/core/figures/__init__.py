"""Figures by hour and day: what charts are drawn from, so that no page counts a month.

kinds     which series there are: core's own and those that integrations declare
own       core's: webhooks, runs of streams, calls to vendors
buckets   hours and days
counting  the job that counts them
reading   what a person may see of them, added up
"""
