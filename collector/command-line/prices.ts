import type { Command } from 'commander'
import { quote } from '../commands/quote.ts'
import { status } from '../commands/status.ts'
import { WHAT_IF_OPTIONS, whatif } from '../commands/whatif.ts'
import { requesting } from './asking.ts'

/** The commands about prices, and about the present moment. */
export function addPrices(program: Command): void {
  requesting(program.command('quote'))
    .description('push a price or a network figure; without one, list the present ones and their sources')
    .argument(
      '[name]',
      'btcUsd, difficulty, blockHeight, feesBtcPerBlock, energyUsdPerKwh, or a currency: fx.EUR',
    )
    .argument('[value]', 'in the unit of its name')
    .option('--by <name>', 'who sets it; required to push')
    .option(
      '--from <time>',
      'time from which it holds; by default now; in the past only where no price was known (see unpriced)',
    )
    .option(
      '--holds-for <duration>',
      'how long it has priority over the feeds: 30m, 2h, 7d; by default until the next push',
    )
    .option('--sure', 'it is right though it leaps; without this, one that leaps is held back')
    .option('--accept', 'take the value that is held back; with --by and no value')
    .action(quote)

  requesting(program.command('status'))
    .description('show what stands still, since when, why and what to do; and each part of the pipeline')
    .option('--json', 'print the API’s JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 everything moves, 3 something stands still, 1 the collector does not answer.',
    )
    .action(status)

  const whatIf = requesting(program.command('whatif'))
    .description('show what the site would earn at other prices, and what a conversion to AI would earn')
    .option('--json', 'print the API’s JSON')
    .action(whatif)
  for (const [flags, text] of WHAT_IF_OPTIONS) whatIf.option(flags, text)
}
