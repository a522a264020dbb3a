"""Occurrences by python-dateutil, for scripts/compare-recurrence.ts: a JSON object a line in and out.

dateutil works out wall clocks, without a zone; zones and what RFC 5545 (3.3.5) says of them follow here. Where
dateutil departs from the RFC (3.3.10), the rule is first rewritten into one that means the same and on which
both agree, or dateutil is corrected; each such place cites what it follows. Nothing is excused afterwards.
"""

import json
import signal
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil import rrule

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
HORIZON = datetime(2200, 1, 1)


class TooSlow(Exception):
    """dateutil searches to the year 9999 for what never comes."""


def give_up(_signal, _frame):
    raise TooSlow


def week_of(day, week_start):
    """The number of a day's week and how many weeks its year has: a week is the year's that has four of its
    days, whichever day it starts on (3.3.10, BYWEEKNO and WKST; ISO 8601)."""
    fourth = day - timedelta(days=(day.weekday() - week_start) % 7) + timedelta(days=3)
    number = (fourth.timetuple().tm_yday - 1) // 7 + 1
    last = number
    while (fourth + timedelta(days=7 * (last - number + 1))).year == fourth.year:
        last += 1
    return number, last


rebuild = rrule._iterinfo.rebuild


def rebuild_weeks(info, year, month):
    """dateutil takes the length of the year for that of the year before when it numbers the days before week 1,
    and, as a comment in it says, leaves out the days of next year's week 1 where that is numbered from the
    end."""
    is_new = year != info.lastyear
    rebuild(info, year, month)
    numbers = info.rrule._byweekno
    if is_new and numbers:
        days = [datetime(year, 1, 1) + timedelta(days=place) for place in range(info.yearlen)]
        weeks = [week_of(day, info.rrule._wkst) for day in days]
        info.wnomask = [
            week in numbers or week - last - 1 in numbers for week, last in weeks
        ] + [False] * 7


rrule._iterinfo.rebuild = rebuild_weeks


def parse(form):
    """A due date as a naive wall clock; instants are in UTC."""
    return datetime.fromisoformat(form.replace("Z", "").replace(".000", ""))


def split(rule):
    return dict(part.split("=") for part in rule.split(";"))


def rewritten(parts, start):
    """The same rule in terms on which dateutil and RFC 5545 agree."""
    parts = dict(parts)
    by_day = parts.get("BYDAY", "").split(",")
    plain = [day for day in by_day if day in DAYS]
    # "MO,1TU" lists every Monday and the first Tuesday (RFC 5545, 3.3.10, BYDAY); dateutil demands of a day
    # that it be both. All of a period's Mondays can be named one by one.
    if plain and len(plain) < len(by_day):
        in_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
        ordinals = range(1, 6 if in_month else 54)
        named = [f"{number}{day}" for day in plain for number in ordinals]
        parts["BYDAY"] = ",".join([day for day in by_day if day not in DAYS] + named)
    # "Information, not contained in the rule, ... [is] derived from" DTSTART (3.3.10): the day of a numbered
    # week is that of DTSTART; dateutil takes all seven.
    if "BYWEEKNO" in parts and not {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & parts.keys():
        parts["BYDAY"] = DAYS[start.weekday()]
    return parts


def wall_clocks(rule, start):
    """Every wall clock of the rule in order; COUNT applied, UNTIL not."""
    parts = rewritten(split(rule), start)
    parts.pop("UNTIL", None)
    count = int(parts.pop("COUNT", 0))
    begin = start
    if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:
        # BYSETPOS numbers a whole week (3.3.10: "within the set of recurrence instances specified by the
        # rule" in one interval); dateutil cuts the first week off at DTSTART.
        begin -= timedelta(days=(start.weekday() - DAYS.index(parts.get("WKST", "MO"))) % 7)
        # What DTSTART gives to the rule must survive moving it.
        parts.setdefault("BYDAY", DAYS[start.weekday()])
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    # DTSTART "always counts as the first occurrence" (3.3.10, COUNT), also where the rule leaves it out.
    yield start
    given = 1
    if given == count:
        return
    for wall_clock in rrule.rrulestr(text, dtstart=begin):
        if wall_clock > HORIZON:
            return
        if wall_clock > start:
            yield wall_clock
            given += 1
            if given == count:
                return


def instant_of(wall_clock, zone):
    """3.3.5: the first of two equal wall clocks; one in a gap is read with the offset before it (fold 0)."""
    return wall_clock.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)


def occurrences(case):
    start_text, zone_name = case["start"], case.get("timeZone")
    is_instant = start_text.endswith("Z")
    zone = ZoneInfo(zone_name or "UTC")
    start = parse(start_text)
    if is_instant:
        first = start.replace(tzinfo=timezone.utc)
        start = first.astimezone(zone).replace(tzinfo=None)
    after = parse(case["after"])
    if is_instant:
        after = after.replace(tzinfo=timezone.utc)
    until = split(case["rule"]).get("UNTIL")

    def past(wall_clock):
        if until is None:
            return False
        limit = datetime.strptime(until.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in until else "%Y%m%d")
        if until.endswith("Z"):
            return instant_of(wall_clock, zone) > limit.replace(tzinfo=timezone.utc)
        return wall_clock > limit

    found = set()
    enough = None
    for wall_clock in wall_clocks(case["rule"], start):
        # Past UNTIL by more than any gap or repeated hour: nothing more can be within.
        if past(wall_clock) and past(wall_clock - timedelta(days=2)):
            break
        if enough is not None and wall_clock > enough:
            break
        if past(wall_clock):
            continue
        if not is_instant:
            position = wall_clock
        elif wall_clock == start:
            position = first
        else:
            position = instant_of(wall_clock, zone)
        if position > after:
            found.add(position)
            if len(found) == case["count"]:
                # Those moved out of a gap may lie behind later ones: a day more brings all of them.
                enough = wall_clock + timedelta(days=2)
    chosen = sorted(found)[: case["count"]]
    if is_instant:
        return [one.strftime("%Y-%m-%dT%H:%M:%S.000Z") for one in chosen]
    return [one.isoformat()[: len(start_text)] for one in chosen]


def main():
    signal.signal(signal.SIGPROF, give_up)
    for line in sys.stdin:
        case = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, 5)
        try:
            answer = {"occurrences": occurrences(case)}
        except TooSlow:
            answer = {"tooSlow": True}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(answer), flush=True)


main()
