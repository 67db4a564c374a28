import type { Snmp } from '../../wire/snmp/snmp.ts'
import type { SnmpValue } from '../../wire/snmp/values.ts'

/** The reads of an SNMP agent. */
export type SnmpReader = Pick<Snmp, 'get' | 'walk'>

/** OIDs in one request */
const AT_ONCE = 32

/**
 * Reads every OID at most once, and keeps the answer. Discovering a slow PDU takes longer than one poll may last, so the next poll
 * continues with the answers that earlier polls have collected.
 */
export function remembering(snmp: SnmpReader): SnmpReader {
  const values = new Map<string, SnmpValue | undefined>()
  const walks = new Map<string, Map<string, SnmpValue>>()
  return {
    async get(oids, signal) {
      const unknown = oids.filter((oid) => !values.has(oid))
      for (let i = 0; i < unknown.length; i += AT_ONCE) {
        const asked = unknown.slice(i, i + AT_ONCE)
        const answers = await snmp.get(asked, signal)
        for (const oid of asked) values.set(oid, answers.get(oid))
      }
      return new Map(
        oids.flatMap((oid): [string, SnmpValue][] => {
          const value = values.get(oid)
          return value === undefined ? [] : [[oid, value]]
        }),
      )
    },
    async walk(base, signal) {
      const known = walks.get(base) ?? (await snmp.walk(base, signal))
      walks.set(base, known)
      return known
    },
  }
}
