/** `perwatt/1/<site>/<agent>/<channel>`; the 1 is the protocol's major version. */
export const CHANNELS = ['status', 'inventory', 'live', 'intervals', 'ack'] as const
export type Channel = (typeof CHANNELS)[number]

const ROOT = 'perwatt/1'
/** The collector's name in topics; no agent may have it. */
export const COLLECTOR_NAME = 'collector'

export const topic = (site: string, agent: string, channel: Channel): string =>
  `${ROOT}/${site}/${agent}/${channel}`
export const helloTopic = (site: string): string => `${ROOT}/${site}/${COLLECTOR_NAME}/hello`
/** Retained: which collector has the site. */
export const presenceTopic = (site: string): string => `${ROOT}/${site}/${COLLECTOR_NAME}/presence`
/** From each collector that stands by because another has the site. */
export const standbyTopic = (site: string): string => `${ROOT}/${site}/${COLLECTOR_NAME}/standby`
/** The topic of the collector's retained advice. */
export const adviceTopic = (site: string): string => `${ROOT}/${site}/${COLLECTOR_NAME}/advice`

/** The collector's subscriptions: every message from agents of the site. */
export const agentTopics = (site: string): string[] =>
  CHANNELS.filter((c) => c !== 'ack').map((c) => `${ROOT}/${site}/+/${c}`)

const PATTERN = /^perwatt\/1\/([^/+#]+)\/([^/+#]+)\/([a-z]+)$/

/** The parts of an agent's topic; undefined for every other topic. */
export function parseTopic(text: string): { site: string; agent: string; channel: Channel } | undefined {
  const [, site, agent, channel] = PATTERN.exec(text) ?? []
  if (!site || !agent || agent === COLLECTOR_NAME) return undefined
  return CHANNELS.includes(channel as Channel) ? { site, agent, channel: channel as Channel } : undefined
}
