// Made by `npm run generate` from the parts in this folder; do not edit.
import type { Feed } from '../plugin/feed.ts'
import bitcoinNode from './bitcoin-node.ts'
import fixed from './fixed.ts'
import httpPrice from './http-price.ts'
import mempool from './mempool.ts'
import priceCsv from './price-csv.ts'
import tickers from './tickers.ts'
import timeOfUse from './time-of-use.ts'

export const FEEDS: readonly Feed[] = [
  bitcoinNode,
  fixed,
  httpPrice,
  mempool,
  priceCsv,
  tickers,
  timeOfUse,
]
