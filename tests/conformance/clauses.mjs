/** What a clause may say, and which of two is stricter (protocol, section 3). */

const SPAN = /^P(?:0D|([1-9][0-9]*)([DMY]))$/;
const DAYS = { D: 1n, M: 31n, Y: 366n };

/** Days as BigInt: a span may be longer than a double can count. */
function days(span) {
  const [, number, unit] = SPAN.exec(span);
  return number === undefined ? 0n : BigInt(number) * DAYS[unit];
}

/** One clause: `knows` a value, `meets(practice, limit)`, `laxest` value, and `both` of two. */
function clause({ kind, values, names }) {
  if (kind === "chain") {
    const meets = (practice, limit) => values.indexOf(practice) <= values.indexOf(limit);
    return {
      knows: (value) => values.includes(value),
      meets,
      laxest: (value) => value === values.at(-1),
      both: (one, other) => (meets(one, other) ? one : other),
    };
  }
  if (kind === "set") {
    const sorted = (value) => value.every((name, at) => at === 0 || value[at - 1] < name);
    return {
      knows: (value) => Array.isArray(value) && sorted(value) && value.every((name) => names.includes(name)),
      meets: (practice, limit) => practice.every((name) => limit.includes(name)),
      laxest: (value) => value.length === names.length,
      both: (one, other) => one.filter((name) => other.includes(name)),
    };
  }
  const meets = (practice, limit) => days(practice) <= days(limit);
  return {
    knows: (value) => typeof value === "string" && SPAN.test(value),
    meets,
    laxest: () => false,
    both: (one, other) => (meets(one, other) ? one : other),
  };
}

/** The vocabulary of `vocabulary.json`. */
export class Vocabulary {
  constructor(clauses) {
    this.clauses = new Map(clauses.map((one) => [one.name, clause(one)]));
  }

  knows(clauses) {
    return Object.entries(clauses).every(([name, value]) => this.clauses.get(name)?.knows(value) ?? false);
  }

  /** A person's own terms against the most that a site does. */
  against(own, limits) {
    return Object.fromEntries(Object.entries(own).map(([name, value]) => {
      if (!(name in limits)) return [name, "unknown"];
      return [name, this.clauses.get(name).meets(limits[name], value) ? "met" : "gap"];
    }));
  }

  /** Several terms that all hold, as one. */
  merged(several) {
    const all = {};
    for (const [name, value] of several.flatMap(Object.entries)) {
      all[name] = name in all ? this.clauses.get(name).both(all[name], value) : value;
    }
    return all;
  }

  /** `now` in place of `was`; a missing clause is at its laxest. */
  replaced(was, now) {
    const names = [...new Set([...Object.keys(was), ...Object.keys(now)])];
    const noLaxer = (one, other) => names.every((name) => {
      if (!(name in other)) return true;
      if (!(name in one)) return this.clauses.get(name).laxest(other[name]);
      return this.clauses.get(name).meets(one[name], other[name]);
    });
    const [better, worse] = [noLaxer(now, was), noLaxer(was, now)];
    if (better && worse) return "equal";
    if (better) return "stricter";
    return worse ? "laxer" : "incomparable";
  }
}
