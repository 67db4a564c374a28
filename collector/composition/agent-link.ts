import { shownUrl } from '../../protocol/kit/shown-url.ts'
import { placeText } from '../../protocol/program.ts'
import { adviceTopic, COLLECTOR_NAME } from '../../protocol/topics.ts'
import { type EmbeddedBroker, type MqttUser, startEmbeddedBroker } from '../broker/embedded.ts'
import { BudgetGate } from '../ingest/budget-gate.ts'
import { Ingest } from '../ingest/ingest.ts'
import type { StoreLease } from '../ingest/store-lease.ts'
import { AdvicePublisher } from '../live/advice-publisher.ts'
import type { Context } from './context.ts'
import type { Devices } from './devices.ts'
import type { LedgerPlane } from './ledger.ts'

/** The collector's MQTT client: what agents send, and the advice for them. */
export interface AgentLink {
  brokerUrl: string
  /** the same without a password */
  shownUrl: string
  ingest: Ingest
  advice: AdvicePublisher
  /** which agents send more than they may */
  gate: BudgetGate
}

/** An address that a browser or an agent on this machine can use. */
export const localHost = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host)

/** The collector's user at a broker of the site's own; with a password alone its name is the collector's. */
const userAt = ({ username, password }: Context['config']['mqtt']): MqttUser | undefined =>
  username === undefined && password === undefined
    ? undefined
    : { name: username ?? COLLECTOR_NAME, password }

/** Starts the embedded broker where one is configured. @throws PerwattError `port-taken` where its port is in use */
export async function startBroker({ config, log }: Context): Promise<EmbeddedBroker | undefined> {
  const { embedded } = config.mqtt
  return embedded && startEmbeddedBroker({ ...embedded, site: config.site.id, log })
}

/** Connects to the broker, which may not answer yet, and takes what agents send from then on. */
export function startAgentLink(
  { config, log, version, nowMs, clocks, program, health }: Context,
  {
    broker,
    devices,
    ledger,
    lease,
    resume,
  }: {
    broker: EmbeddedBroker | undefined
    devices: Devices
    ledger: LedgerPlane
    /** who has the store, where several collectors can open it */
    lease: StoreLease | undefined
    /** Reads the store again after another collector has used it. Rejects where the store fails. */
    resume: () => Promise<void>
  },
): AgentLink {
  const { site, mqtt } = config
  const brokerUrl =
    broker && mqtt.embedded ? `mqtt://${localHost(mqtt.embedded.host)}:${broker.port}` : (mqtt.url ?? '')
  const gate = new BudgetGate({ bounds: mqtt.agentBudget, steadyMs: () => performance.now() })
  const ingest = new Ingest({
    url: brokerUrl,
    user: broker ? broker.collector : userAt(mqtt),
    site: site.id,
    version,
    program,
    ownBroker: broker !== undefined,
    acceptSimulated: site.simulated,
    gate,
    state: devices.state,
    receiver: ledger.heard,
    inventory: devices.inventory,
    claims: ledger.heard,
    clocks,
    // in one that both open everything is there
    onBefore: (other) => {
      if (!lease) ledger.otherServed(placeText(other))
    },
    ...(lease && { shared: { lease, name: `the same ${config.store.store} database`, resume } }),
    // before it runs nothing is known of any agent
    hasRecords: (agentId) => !ledger.runs || ledger.records.knows(agentId),
    nowMs,
    log,
    onMessage: (agentId, channel, bytes) => health.message(agentId, channel, bytes),
    onRefused: (agentId, channel) => health.refused.add(1, agentId, channel),
    quarantine: (entry) => ledger.quarantine.add(entry),
  })
  ingest.start()
  const advice = new AdvicePublisher({
    publish: (text) => ingest.retain(adviceTopic(site.id), text),
    log,
    nowMs,
  })
  return { brokerUrl, shownUrl: shownUrl(brokerUrl), ingest, advice, gate }
}
