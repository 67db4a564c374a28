import type { Snmp } from '../../wire/snmp.ts'
import type { SnmpValue } from '../../wire/snmp-value.ts'

/** What finds out things of an agent. */
export type SnmpReader = Pick<Snmp, 'get' | 'walk'>

const AT_ONCE = 32

/**
 * Asks everything once. To find out what a slow PDU is made of takes longer than a poll may: what one poll learnt before its
 * deadline, the next one goes on from.
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
