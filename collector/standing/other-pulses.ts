import type { FileTrouble } from '../../protocol/kit/small-files.ts'
import type { Pulse } from '../plugin/pulse.ts'
import type { PriceSituation } from '../plugin/situation.ts'
import { storeCure } from './store-cure.ts'

/** A disk that sleeps, or is busy, has written a small file sooner. */
const FILES_LIMIT_S = 20
/** A broker that restarts is back sooner. */
const BROKER_LIMIT_S = 30
export const AGENTS_LIMIT_S = 90
const SETTLING_LIMIT_S = 80
const PRICES_LIMIT_S = 80

/** The collector's connection to the broker, and whether anything is heard over it. */
export function brokerPulses(link: {
  trouble: string | undefined
  /** the collector that has the site, while this one stands by */
  first?: string | undefined
  heard: number
  url: string
  agents: number
}): Pulse[] {
  const { trouble, first, heard, url, agents } = link
  return [
    {
      part: 'broker',
      moves: trouble === undefined ? 'connected' : 'not connected',
      waiting: trouble === undefined ? 0 : 1,
      limitS: BROKER_LIMIT_S,
      why: () =>
        first === undefined
          ? {
              kind: 'broker',
              what: 'the collector has no connection to the broker',
              cause: `${url}: ${trouble}`,
              cure: 'start the broker, and check mqtt.url, the user and the password, that the collector may read the topics of its site, and that messages of some kB are allowed (Mosquitto: message_size_limit); agents keep their records meanwhile',
            }
          : {
              kind: 'standby',
              what: 'this collector stands by',
              cause: `another collector has the site or its store: ${first}`,
              cure: 'stop one of the two, or give it a site, a broker and a database of its own',
            },
    },
    {
      part: 'agents',
      moves: heard,
      // a site without an agent has nobody to wait for
      waiting: agents,
      limitS: AGENTS_LIMIT_S,
      why: () => ({
        kind: 'silence',
        what: 'no agent is heard',
        cause: `no message of any agent came over ${url}`,
        cure: 'check that the agents run and reach the broker, and that the collector may read the topics of its site there (access control list)',
      }),
    },
  ]
}

/** Whether the small files of the data folder are written. Nothing else waits for them. */
export function filesPulse(trouble: FileTrouble | undefined): Pulse {
  return {
    part: 'store',
    name: 'data folder',
    moves: trouble ? 'fails' : 'well',
    waiting: trouble ? 1 : 0,
    limitS: FILES_LIMIT_S,
    ...(trouble && { stillS: trouble.stillS }),
    why: () => ({
      kind: 'files',
      what: 'files of the data folder are not written',
      cause: `${trouble?.file}: ${trouble?.reason}`,
      cure: 'check its disk (dmesg, smartctl), free space and rights; alerts are sent from memory meanwhile, and a restart forgets which were sent',
      stops: [],
    }),
  }
}

/** Whether minutes that are over are settled. */
export function settlingPulse(progress: { waiting: number; settled: number; trouble?: string }): Pulse {
  const { waiting, settled, trouble } = progress
  return {
    part: 'settling',
    moves: settled,
    waiting,
    limitS: SETTLING_LIMIT_S,
    why: () => ({
      kind: 'settling',
      what: 'no minute is settled',
      cause: trouble ?? 'settling has not ended its work',
      cure:
        trouble === undefined
          ? 'restart the collector, and report this with its log; nothing is lost'
          : storeCure(trouble),
    }),
  }
}

/** A price that nobody renews: it is old, or each of its feeds fails. */
export function pricePulses(prices: readonly PriceSituation[]): Pulse[] {
  return prices.map(({ name, source, staleS, failing: reason, noFeed = false, prices: used }) => {
    const isSilent = staleS !== undefined || noFeed
    return {
      part: 'prices',
      name,
      moves: isSilent ? 'silent' : 'renewed',
      waiting: isSilent ? 1 : 0,
      limitS: PRICES_LIMIT_S,
      ...(staleS === undefined ? {} : { stillS: staleS }),
      why: () => ({
        kind: 'silent',
        what: 'prices are not renewed',
        cause: reason ?? `${source ?? 'its feed'} has sent no newer ${name}`,
        cure: `check the feeds and the network to them, or push a price (perwatt-collector quote); the last one prices ${used.length > 0 ? used.slice(0, 3).join(', ') : 'nothing'} meanwhile`,
      }),
    }
  })
}
