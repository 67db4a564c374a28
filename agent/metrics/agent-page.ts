import { MetricsAnswer } from '../../protocol/kit/metrics/answer.ts'
import { counter, type Family, gauge, histogram, info } from '../../protocol/kit/metrics/family.ts'
import type { Format } from '../../protocol/kit/metrics/format.ts'
import { Page } from '../../protocol/kit/metrics/page.ts'
import { addProcess, PROCESS_FAMILIES } from '../../protocol/kit/metrics/process-figures.ts'
import type { State } from '../../protocol/sample.ts'
import type { StatusMessage } from '../../protocol/status.ts'
import type { AgentHealth } from './agent-health.ts'

const seconds = { unit: 'seconds' }
const bytes = { unit: 'bytes' }
const byDevice = { labels: ['device', 'driver'] }
const byChannel = { labels: ['channel'] }

const AGENT_FAMILIES = {
  agent: info('perwatt_agent', 'Which agent it is', ['site', 'agent']),
  simulated: gauge('perwatt_agent_simulated', '1: its devices are emulated'),
  devices: gauge(
    'perwatt_agent_devices',
    'Devices that it reads, parts of machines included, by what they say they do',
    {
      labels: ['state'],
    },
  ),
  readingAge: gauge(
    'perwatt_agent_reading_age_seconds',
    'Time since the configured device was read; absent: not since the start',
    { ...byDevice, ...seconds },
  ),
  polls: counter('perwatt_agent_polls', 'Polls of the configured device that have ended', byDevice),
  failures: counter('perwatt_agent_poll_failures', 'Those of them that failed', byDevice),
  pollTimes: histogram('perwatt_agent_poll_seconds', 'How long a poll takes, its detection included', {
    labels: ['driver'],
    ...seconds,
  }),
  spoolRecords: gauge('perwatt_agent_spool_records', 'Records that wait until the collector has stored them'),
  spoolBytes: gauge('perwatt_agent_spool_bytes', 'What they take on disk', bytes),
  spoolMostBytes: gauge(
    'perwatt_agent_spool_limit_bytes',
    'How much they may take; then the oldest are lost',
    bytes,
  ),
  spoolOldest: gauge(
    'perwatt_agent_spool_oldest_timestamp_seconds',
    'Start of the oldest of them, Unix time; absent: none wait',
    seconds,
  ),
  spoolHeld: gauge('perwatt_agent_spool_held_records', 'Those that wait until the clocks agree'),
  spoolLost: counter(
    'perwatt_agent_spool_lost_records',
    'Records that were lost before the collector had them',
  ),
  spoolDiskOk: gauge('perwatt_agent_spool_disk_ok', '0: records wait in memory alone'),
  unanswered: gauge(
    'perwatt_agent_unanswered_seconds',
    'How long records were sent and none was acknowledged; 0: acknowledgements come',
    seconds,
  ),
  messageLimit: gauge(
    'perwatt_agent_message_limit_bytes',
    'The largest message that the broker lets through; absent: no limit was met',
    bytes,
  ),
  connected: gauge('perwatt_agent_broker_connected', '1: the broker has the connection'),
  sent: counter('perwatt_agent_messages_sent', 'Messages handed to the connection', byChannel),
  sentBytes: counter('perwatt_agent_messages_sent_bytes', 'Their bytes', { ...byChannel, ...bytes }),
  dropped: counter(
    'perwatt_agent_messages_dropped',
    'Messages that no connection took; records of them wait in the spool',
    byChannel,
  ),
  clockOffset: gauge('perwatt_agent_clock_offset_seconds', 'The collector’s clock less the agent’s', seconds),
  clockSynchronised: gauge('perwatt_agent_clock_synchronised', '1: NTP keeps the clock, by the kernel'),
}

/** Every family of the agent's page, in the order of the page, for the README's table. */
export const FAMILIES: readonly Family[] = [
  ...Object.values<Family>(AGENT_FAMILIES),
  ...Object.values<Family>(PROCESS_FAMILIES),
]

/** What the page is made of. */
export interface AgentSources {
  site: string
  agent: string
  version: string
  spoolLimitBytes: number
  health: AgentHealth
  /** what each device does now */
  states(): Iterable<State>
  status(): StatusMessage
  isConnected(): boolean
  /** a clock that never steps, ms */
  steadyMs(): number
}

/** The agent's page for Prometheus. */
export const agentPage = (sources: AgentSources): MetricsAnswer =>
  new MetricsAnswer((format) => pieces(sources, format))

async function* pieces(sources: AgentSources, format: Format): AsyncGenerator<string, void> {
  const page = new Page(format)
  const f = AGENT_FAMILIES
  const { health } = sources
  page.info(f.agent, sources.site, sources.agent)
  const status = sources.status()
  page.flag(f.simulated, status.simulated)
  for (const [state, count] of countsOf(sources.states())) page.add(f.devices, count, state)
  const now = sources.steadyMs()
  for (const { labels, value } of health.read.entries())
    page.add(f.readingAge, (now - value.atMs) / 1000, ...labels, value.driver)
  page.counts(f.polls, health.polls)
  page.counts(f.failures, health.failures)
  page.histograms(f.pollTimes, health.pollTimes)
  addDelivery(page, sources, status)
  await addProcess(page, {
    program: 'perwatt-agent',
    version: sources.version,
    loopDelay: health.loopDelay,
  })
  yield page.text()
}

function addDelivery(
  page: Page,
  { health, spoolLimitBytes, isConnected }: AgentSources,
  status: StatusMessage,
) {
  const f = AGENT_FAMILIES
  const { spool, delivery = {}, clockOffsetMs, clockSynchronised } = status
  if (spool) {
    page.add(f.spoolRecords, spool.records)
    page.add(f.spoolBytes, spool.bytes)
    page.add(f.spoolMostBytes, spoolLimitBytes)
    page.add(f.spoolOldest, spool.oldestMs === undefined ? undefined : spool.oldestMs / 1000)
    page.add(f.spoolHeld, spool.held ?? 0)
    page.add(f.spoolLost, spool.lost)
    page.flag(f.spoolDiskOk, spool.disk === undefined ? undefined : spool.disk === 'ok')
  }
  page.add(f.unanswered, delivery.unansweredS ?? 0)
  page.add(f.messageLimit, delivery.limit?.arrivedBytes)
  page.flag(f.connected, isConnected())
  page.counts(f.sent, health.sent)
  page.counts(f.sentBytes, health.sentBytes)
  page.counts(f.dropped, health.dropped)
  page.add(f.clockOffset, clockOffsetMs === undefined ? undefined : clockOffsetMs / 1000)
  page.flag(f.clockSynchronised, clockSynchronised)
}

function countsOf(states: Iterable<State>): Map<State, number> {
  const counts = new Map<State, number>()
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1)
  return counts
}
