/** `perwatt/1/<site>/<agent>/<channel>`; the 1 is the protocol's major version. */
export const CHANNELS = ['status', 'inventory', 'live', 'intervals', 'ack'] as const
export type Channel = (typeof CHANNELS)[number]

const ROOT = 'perwatt/1'
/** The agent name that the collector speaks under; no agent may have it. */
export const COLLECTOR_NAME = 'collector'

export const topic = (site: string, agent: string, channel: Channel): string =>
  `${ROOT}/${site}/${agent}/${channel}`
export const helloTopic = (site: string): string => `${ROOT}/${site}/${COLLECTOR_NAME}/hello`
/** Where the collector retains its advice. */
export const adviceTopic = (site: string): string => `${ROOT}/${site}/${COLLECTOR_NAME}/advice`

/** What a collector subscribes to: everything that agents of the site say. */
export const agentTopics = (site: string): string[] =>
  CHANNELS.filter((c) => c !== 'ack').map((c) => `${ROOT}/${site}/+/${c}`)

const PATTERN = /^perwatt\/1\/([^/+#]+)\/([^/+#]+)\/([a-z]+)$/

/** The parts of a topic, or undefined where it isn't one of ours. */
export function parseTopic(text: string): { site: string; agent: string; channel: Channel } | undefined {
  const [, site, agent, channel] = PATTERN.exec(text) ?? []
  if (!site || !agent || agent === COLLECTOR_NAME) return undefined
  return CHANNELS.includes(channel as Channel) ? { site, agent, channel: channel as Channel } : undefined
}
