import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pluginNamed } from '../../protocol/kit/plugin.ts'
import { SmallFiles } from '../../protocol/kit/small-files.ts'
import type { Channel, OutgoingMessage } from '../plugin/channel.ts'
import type { Rule } from '../plugin/rule.ts'
import type { AlertEvent, Situation } from '../plugin/situation.ts'
import { type AlertView, AlertViewSchema, SEVERITIES } from '../views/alert.ts'
import { activeRules } from './active-rules.ts'
import type { AlertsConfig, ReceiverConfig } from './config.ts'
import { readIfThere } from './disk.ts'
import { Dispatcher, type DispatcherOptions, type ReceiverDeliveries } from './dispatcher.ts'
import { createAlertEngine } from './engine.ts'
import { bounded, Outbox } from './outbox.ts'

export interface Alerting {
  /** Judges a situation. Alerts that begin or end are written to the outbox, and sent then. Never throws. */
  evaluate(situation: Situation): void
  /** Resolves when the outbox has every alert that began or ended, on disk where that answers. */
  announced(): Promise<void>
  /** The alerts that fire, the largest loss first. */
  firing(): AlertView[]
  /** Ids of the devices that every situation must have. */
  watched(): Set<string>
  /** Each receiver's queue, dead letters and last attempts. */
  deliveries(): ReceiverDeliveries[]
  /** Sends a receiver's dead letters again; returns how many. */
  replay(receiver: string): number
  /** Starts the deliveries. */
  start(): void
  /** Ends within a second; undelivered messages wait on disk for the next start. */
  stop(): Promise<void>
}

export interface AlertingOptions {
  config: AlertsConfig
  /** holds `alerts-state.json` and `alerts-outbox.jsonl` */
  dataFolder: string
  /** writes them; of its own where absent */
  files?: SmallFiles
  log: Log
  channels: readonly Channel[]
  rules: readonly Rule[]
  /** perwatt's version, for the channels' user agent */
  version: string
  now?: () => number
  /** the site's id, for receivers of several sites */
  site?: string
  delivery?: Pick<DispatcherOptions, 'random' | 'scheduleMs' | 'deadlineMs' | 'probeMs'>
}

const EventSchema = z.object({
  type: z.enum(['firing', 'resolved']),
  alert: AlertViewSchema,
  atMs: z.number(),
})
/**
 * The alerts that fire, and events that the outbox may not have yet. After a crash they are added again under the same ids, and the
 * outbox leaves out those that it has.
 */
const StateSchema = z.object({ firing: z.array(AlertViewSchema), events: z.array(EventSchema) })
type State = { firing: AlertView[]; events: AlertEvent[] }

/**
 * The alert rules, their engine, the outbox and the receivers.
 * @throws where the data folder can't be used, or a channel is not built in
 */
export function createAlerting(options: AlertingOptions): Alerting {
  const { config, dataFolder, log, channels, rules, version, now = Date.now, site, delivery = {} } = options
  const { files = new SmallFiles(log) } = options
  mkdirSync(dataFolder, { recursive: true })
  const stateFile = join(dataFolder, 'alerts-state.json')
  const outbox = new Outbox({ file: join(dataFolder, 'alerts-outbox.jsonl'), files, log })
  const engine = createAlertEngine({ rules: activeRules(rules, config.rules) })
  const receivers = config.receivers.map((receiver) => ({
    name: receiver.name,
    session: pluginNamed(channels, receiver.channel).open(receiver, { version, nowMs: now }),
  }))
  const dispatcher = new Dispatcher({ receivers, outbox, log, now, ...delivery })

  const send = async (events: readonly AlertEvent[]) => {
    await Promise.all(
      config.receivers.map((receiver) =>
        dispatcher.enqueue(
          receiver.name,
          events.filter((event) => wants(receiver, event)).map((event) => messageOf(event, site)),
        ),
      ),
    )
  }

  // one after the other, so that the state on disk never says more than the outbox beside it has
  let announcing: Promise<void> = Promise.resolve()
  const announce = (events: AlertEvent[]) => {
    const firing = engine.firing()
    announcing = announcing.then(async () => {
      await bounded(writeState(files, stateFile, { firing, events }, log))
      await send(events)
      await bounded(writeState(files, stateFile, { firing, events: [] }, log))
    })
  }

  const state = readState(stateFile, log)
  engine.restore(state.firing)
  if (state.events.length > 0) announce(state.events)

  return {
    evaluate(situation) {
      try {
        const events = engine.evaluate(situation)
        if (events.length === 0) return
        for (const { type, alert } of events)
          log.info(`alert-${type}`, { id: alert.id, rule: alert.rule, summary: alert.summary })
        announce(events)
      } catch (error) {
        log.error('alerts-not-evaluated', { reason: reasonOf(error) })
      }
    },
    announced: () => announcing,
    firing: () => engine.firing(),
    watched: () => engine.watched(),
    deliveries: () => dispatcher.deliveries(),
    replay: (receiver) => dispatcher.replay(receiver),
    start: () => dispatcher.start(),
    async stop() {
      await announcing
      await dispatcher.stop()
      await outbox.close()
    },
  }
}

const wants = ({ minSeverity, sendResolved }: ReceiverConfig, { type, alert }: AlertEvent): boolean =>
  SEVERITIES.indexOf(alert.severity) <= SEVERITIES.indexOf(minSeverity) && (sendResolved || type === 'firing')

/** Ids follow from the alert, so that they are the same on every attempt and after every crash. */
const messageOf = ({ type, alert, atMs }: AlertEvent, site: string | undefined): OutgoingMessage => ({
  id: `msg_${alert.id}_${type}`,
  type: `alert.${type}`,
  atMs,
  data: { ...(site !== undefined && { site }), ...alert },
})

function readState(file: string, log: Log): State {
  const nothing = { firing: [], events: [] }
  const text = readIfThere(file)
  if (text === undefined) return nothing
  try {
    return StateSchema.parse(JSON.parse(text)) as State
  } catch (error) {
    log.error('alert-state-unreadable', {
      file,
      reason: reasonOf(error),
      next: 'alerts that fired before may be sent a second time; correct the file or its rights',
    })
    return nothing
  }
}

async function writeState(files: SmallFiles, file: string, state: State, log: Log): Promise<void> {
  try {
    await files.replace(file, JSON.stringify(state))
  } catch (error) {
    log.error('alert-state-not-written', {
      file,
      reason: reasonOf(error),
      next: 'a restart would send firing alerts a second time; free the disk or correct the rights',
    })
  }
}
