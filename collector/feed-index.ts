// Made by `npm run generate` from the files of the folder; do not edit.
import type { FeedKind } from './feed.ts'
import bitcoinNode from './feeds/bitcoin-node.ts'
import fixed from './feeds/fixed.ts'
import httpPrice from './feeds/http-price.ts'
import mempool from './feeds/mempool.ts'
import priceCsv from './feeds/price-csv.ts'
import tickers from './feeds/tickers.ts'
import timeOfUse from './feeds/time-of-use.ts'

export const FEEDS: readonly FeedKind[] = [
  bitcoinNode,
  fixed,
  httpPrice,
  mempool,
  priceCsv,
  tickers,
  timeOfUse,
]
