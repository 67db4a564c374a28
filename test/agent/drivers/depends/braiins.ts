import type { Dependences } from '../dependences.ts'

export default {
  depends: {
    'POST /api/v1/auth/login': {
      figures:
        'boardTempC boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm faults firmware hardwareId hashrateAvgHs hashrateHs inletTempC model powerBasis powerLimitW powerW tempC',
      because: 'every page of the REST API needs its token; an answer without a token is a note',
    },
    'GET /api/v1/miner/details': { figures: 'firmware hardwareId model', because: 'it names the machine' },
    'GET /api/v1/miner/stats': {
      figures: 'expectedHashrateHs hashrateAvgHs hashrateHs powerBasis powerW',
      because: 'the cgminer port of 25.07 tells less',
    },
    'GET /api/v1/miner/hw/hashboards': {
      figures: 'boardTempC boardsFitted boardsWorking chipsFitted chipsWorking inletTempC tempC',
      because: 'the boards stand here only',
    },
    'GET /api/v1/cooling/state': { figures: 'fanRpm', because: 'the fans stand here only' },
    'GET /api/v1/performance/tuner-state': { figures: 'powerLimitW', because: 'the target stands here only' },
    version: { figures: 'firmware', because: 'without a web interface the version stands here only' },
    devdetails: {
      figures: 'chipsFitted chipsWorking model',
      because: 'it names the machine and counts its chips',
    },
    summary: { figures: 'hashrateAvgHs uptimeS', because: 'average and uptime of bosminer stand here only' },
    pools: { figures: 'holders shares work', because: 'accepted work stands here only' },
    'POST /cgi-bin/luci': {
      figures: 'hardwareId',
      because: 'LuCI has the MAC, and its pages need this login',
    },
    'GET /cgi-bin/luci/admin/network/iface_status/lan': { figures: 'hardwareId', because: 'it has the MAC' },
    'POST /graphql': {
      figures:
        'boardTempC boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm firmware hardwareId hashrateHs inletTempC powerBasis powerLimitW powerW tempC',
      because: 'one query asks for everything; this machine’s cgminer port tells little',
    },
    devs: {
      figures: 'boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs',
      because: 'the boards of 22.08 stand here only',
    },
    fans: { figures: 'fanRpm', because: 'the fans stand here only' },
    temps: { figures: 'tempC', because: 'the temperatures stand here only' },
    tunerstatus: {
      figures: 'powerBasis powerLimitW powerW',
      because: 'the estimate and the limit stand here only',
    },
  },
} satisfies Dependences
