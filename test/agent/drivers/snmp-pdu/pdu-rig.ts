import { afterEach } from 'vitest'
import snmpPdu from '../../../../agent/drivers/snmp-pdu/snmp-pdu.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { type Snmpd, startSnmpd, walkOf } from '../../../snmpd.ts'
import { linkTo, type UdpLink } from '../../udp-link.ts'

export const WH = 3600
export const TENTH_KWH = 360_000

/** A read that may take as long as the test. */
export const never = new AbortController().signal

/** SNMP agents with the walks of PDUs, and sessions of the driver with them. Each test's are ended behind it. */
export interface PduRig {
  /** an SNMP agent with the lines of a walk */
  pdu(walk: string): Promise<Snmpd>
  /** a slow or counting line to it */
  linked(agent: Snmpd): Promise<UdpLink>
  open(port: number, settings?: object): Session
  /** the parts that are read from `test/fixtures/pdu/snmp-pdu-NAME.snmpwalk` */
  read(name: string, settings?: object): Promise<Map<string, Reading>>
}

export function pduRig(): PduRig {
  const cleanups: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean()
  })
  const rig: PduRig = {
    async pdu(walk) {
      const agent = await startSnmpd({ walk })
      cleanups.push(() => agent.stop())
      return agent
    },
    async linked(agent) {
      const link = await linkTo(agent.port)
      cleanups.push(() => link.close())
      return link
    },
    open(port, settings = {}) {
      const options = snmpPdu.settings.parse({ port, ...settings })
      const session = snmpPdu.open({ id: 'pdu-3', host: '127.0.0.1', options })
      cleanups.push(() => session.close?.())
      return session
    },
    read: async (name, settings) =>
      byPart(await rig.open((await rig.pdu(walkOf(`snmp-pdu-${name}`))).port, settings).read(never)),
  }
  return rig
}

export const byPart = (readings: Reading[]): Map<string, Reading> =>
  new Map(readings.map((r) => [r.part ?? '', r]))

export const powers = (parts: Map<string, Reading>): Record<string, number | undefined> =>
  Object.fromEntries([...parts].map(([part, { sample }]) => [part, sample.powerW]))
