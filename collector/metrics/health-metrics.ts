import { counter, gauge, histogram } from '../../protocol/kit/metrics/family.ts'
import type { Page } from '../../protocol/kit/metrics/page.ts'
import { folderSize } from './folder-size.ts'
import type { Health } from './health.ts'

const seconds = { unit: 'seconds' }
const bytes = { unit: 'bytes' }
const byChannel = { labels: ['agent', 'channel'] }

export const HEALTH_FAMILIES = {
  ticks: histogram('perwatt_collector_tick_seconds', 'Time of a tick: figures, alert rules, frame', seconds),
  received: counter('perwatt_collector_messages_received', 'Messages of agents', byChannel),
  receivedBytes: counter('perwatt_collector_messages_received_bytes', 'Bytes of these messages', {
    ...byChannel,
    ...bytes,
  }),
  refused: counter(
    'perwatt_collector_messages_refused',
    'Messages that can’t be used, and are kept for a look: /api/v1/quarantine',
    byChannel,
  ),
  batches: counter(
    'perwatt_collector_batches',
    'Messages with records by what became of them: stored, repeated, failed, gap, kept, told-to-wait ...',
    { labels: ['agent', 'outcome'] },
  ),
  acknowledgements: histogram(
    'perwatt_collector_acknowledgement_seconds',
    'From the arrival of a message with records to its answer',
    seconds,
  ),
  waiting: gauge(
    'perwatt_collector_intake_waiting_bytes',
    'Messages with records that wait to be stored',
    bytes,
  ),
  mostWaiting: gauge(
    'perwatt_collector_intake_limit_bytes',
    'How much may wait; agents keep the rest',
    bytes,
  ),
  dropped: counter(
    'perwatt_collector_intake_dropped',
    'Messages that did not fit; their agents send them again',
  ),
  storeUp: gauge('perwatt_collector_store_up', '1: the store answers; 0: it is away', { labels: ['store'] }),
  storeWarnings: gauge('perwatt_collector_store_warnings', 'What is wrong with the store though it answers'),
  appends: histogram('perwatt_collector_store_append_seconds', 'Time of one transaction of records', seconds),
  dataBytes: gauge(
    'perwatt_collector_data_folder_bytes',
    'Files of the data folder, the embedded store included',
    bytes,
  ),
  freeBytes: gauge(
    'perwatt_collector_data_folder_free_bytes',
    'What the disk of the data folder has left',
    bytes,
  ),
  streams: gauge('perwatt_collector_streams', 'Browsers that have the live stream open'),
  mostStreams: gauge('perwatt_collector_streams_limit', 'How many may; the next one gets 503'),
  standsBy: gauge(
    'perwatt_collector_standing_by',
    '1: another collector serves the site, and this one waits',
  ),
  devicesShown: gauge('perwatt_collector_metrics_devices', 'Devices on this page, by metrics.devices'),
  devicesLeftOut: gauge(
    'perwatt_collector_metrics_devices_left_out',
    'Devices that were chosen too, beyond the most that a page has',
  ),
}

/** The collector's own parts, as they are at one moment. */
export interface Parts {
  health: Health
  intake: { waitingBytes: number; limitBytes: number; droppedMessages: number }
  store: { name: string; isUp: boolean; warnings: number }
  streams: { open: number; most: number }
  standsBy: boolean
  dataFolder: string
}

/** Adds how the collector is. Never rejects: what the system does not tell is absent. */
export async function addHealth(page: Page, parts: Parts): Promise<void> {
  const f = HEALTH_FAMILIES
  const { health, intake, store, streams, standsBy, dataFolder } = parts
  page.histogram(f.ticks, health.ticks)
  page.counts(f.received, health.received)
  page.counts(f.receivedBytes, health.receivedBytes)
  page.counts(f.refused, health.refused)
  page.counts(f.batches, health.batches)
  page.histogram(f.acknowledgements, health.acknowledgements)
  page.add(f.waiting, intake.waitingBytes)
  page.add(f.mostWaiting, intake.limitBytes)
  page.add(f.dropped, intake.droppedMessages)
  page.flag(f.storeUp, store.isUp, store.name)
  page.add(f.storeWarnings, store.warnings)
  page.histogram(f.appends, health.appends)
  page.add(f.streams, streams.open)
  page.add(f.mostStreams, streams.most)
  page.flag(f.standsBy, standsBy)
  const { used, free } = await folderSize(dataFolder)
  page.add(f.dataBytes, used)
  page.add(f.freeBytes, free)
}
