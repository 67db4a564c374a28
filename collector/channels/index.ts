// Made by `npm run generate` from the parts in this folder; do not edit.
import type { Channel } from '../plugin/channel.ts'
import webhook from './webhook.ts'

export const CHANNELS: readonly Channel[] = [
  webhook,
]
