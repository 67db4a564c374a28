// Made by `npm run generate` from the parts in this folder; do not edit.
import type { ChannelFactory } from '../plugin/channel.ts'
import webhook from './webhook.ts'

export const CHANNEL_FACTORIES: readonly ChannelFactory[] = [
  webhook,
]
