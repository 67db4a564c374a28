import { counter, gauge } from '../../protocol/kit/metrics/family.ts'
import type { Page } from '../../protocol/kit/metrics/page.ts'
import type { AgentView } from '../views/site.ts'

const of = (unit?: string) => ({ labels: ['agent'], ...(unit === undefined ? {} : { unit }) })

export const AGENT_FAMILIES = {
  online: gauge('perwatt_collector_agent_online', '1: live messages come; 0: they do not', of()),
  devices: gauge('perwatt_collector_agent_devices', 'Devices in its inventory', of()),
  lastSeen: gauge(
    'perwatt_collector_agent_last_message_timestamp_seconds',
    'Its last live message, Unix time',
    of('seconds'),
  ),
  acknowledged: gauge(
    'perwatt_collector_agent_acknowledged_timestamp_seconds',
    'Start of the newest minute of which its records are stored, Unix time',
    of('seconds'),
  ),
  clockOffset: gauge(
    'perwatt_collector_agent_clock_offset_seconds',
    'The collector’s clock less the agent’s',
    of('seconds'),
  ),
  spoolRecords: gauge(
    'perwatt_collector_agent_spool_records',
    'Records that wait at the agent, as it told last',
    of(),
  ),
  spoolOldest: gauge(
    'perwatt_collector_agent_spool_oldest_timestamp_seconds',
    'Start of the oldest record that waits at the agent, Unix time',
    of('seconds'),
  ),
  spoolDiskOk: gauge('perwatt_collector_agent_spool_disk_ok', '0: its records wait in memory alone', of()),
  unanswered: gauge(
    'perwatt_collector_agent_unanswered_seconds',
    'How long the agent has sent records and heard no answer; absent: it is answered',
    of('seconds'),
  ),
  lost: counter(
    'perwatt_collector_agent_lost_records',
    'Records that were lost before the collector had them',
    of(),
  ),
}

/** What the collector knows of an agent beside what the screens show. */
export interface AgentFacts {
  view: AgentView
  /** records that were lost, since its spool began */
  lostRecords?: number | undefined
  /** start of the newest record that is stored, Unix ms */
  acknowledgedMs?: number | undefined
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)

/** What agents told. What one told that is not heard any more says nothing of now, and is absent. */
export function addAgents(page: Page, agents: readonly AgentFacts[]): void {
  const f = AGENT_FAMILIES
  for (const { view, lostRecords, acknowledgedMs } of agents) {
    const { agentId, state } = view
    const isOnline = state === 'online'
    page.flag(f.online, isOnline, agentId)
    page.add(f.devices, view.devices, agentId)
    page.add(f.lastSeen, seconds(view.lastSeenMs), agentId)
    page.add(f.acknowledged, seconds(acknowledgedMs), agentId)
    page.add(f.lost, lostRecords, agentId)
    if (!isOnline) continue
    page.add(f.clockOffset, seconds(view.clockOffsetMs), agentId)
    page.add(f.spoolRecords, view.spoolRecords, agentId)
    page.add(f.spoolOldest, seconds(view.spoolOldestMs), agentId)
    page.flag(f.spoolDiskOk, view.spoolDisk && view.spoolDisk === 'ok', agentId)
    page.add(f.unanswered, view.unansweredS, agentId)
  }
}
