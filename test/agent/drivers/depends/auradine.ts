import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    'POST /token': {
      figures:
        'boardTempC chipsFitted chipsWorking expectedHashrateHs fanRpm faults firmware hardwareId inletTempC model powerBasis powerLimitW powerW tempC',
      because: 'every page needs its token; an answer without a token is a note',
    },
    summary: {
      figures: 'hashrateAvgHs hashrateHs uptimeS',
      because: 'boards add up to a hashrate of another moment',
    },
    devs: { figures: 'boardsFitted boardsWorking chipsFitted chipsWorking', because: 'it lists the boards' },
    pools: { figures: 'holders paidRatio shares', because: 'the shares and their owner stand here only' },
    'GET /ipreport': { figures: 'firmware hardwareId model', because: 'it names the machine' },
    'GET /asccount': { figures: 'chipsFitted chipsWorking', because: 'it counts the chips' },
    'GET /psu': { figures: 'powerBasis powerW', because: 'else the watts are the estimate of `summary`' },
    'GET /fan': { figures: 'fanRpm', because: 'the fans stand here only' },
    'GET /temperature': {
      figures: 'boardTempC chipsWorking inletTempC tempC',
      because: 'a chip that answers is one with a temperature',
    },
    'GET /mode': { figures: 'expectedHashrateHs powerLimitW', because: 'the targets stand here only' },
  },
  unasked: Object.fromEntries(
    ['ipreport', 'asccount', 'psu', 'fan', 'temperature', 'mode', 'led'].map((command) => [
      command,
      'only without a login: auradine.test.ts',
    ]),
  ),
} satisfies Dependences
