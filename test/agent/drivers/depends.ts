interface Dependence {
  /** the figures that are lost or otherwise without the answer, in alphabetical order; `all`: the machine can't be read */
  figures: string
  because: string
}

/** What must depend on one answer: driver, request, figures. The other answers give everything else too. */
export const DEPENDS: Readonly<Record<string, Readonly<Record<string, Dependence>>>> = {
  antminer: {
    version: {
      figures: 'firmware model powerW',
      because: 'the S21 names itself here only, and its model rates its watts',
    },
    summary: { figures: 'hashrateAvgHs', because: 'the average of `stats` is rounded otherwise' },
    stats: {
      figures:
        'boardTempC boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm hardwareId tempC',
      because: 'boards, chips, fans, temperatures and the id of the miner stand here only',
    },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
    'GET /cgi-bin/get_system_info.cgi': { figures: 'hardwareId', because: 'the MAC stands here only' },
  },
  auradine: {
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
    pools: { figures: 'holders shares', because: 'the shares and their owner stand here only' },
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
  avalon: {
    version: { figures: 'firmware hardwareId model', because: 'product, version and MAC stand here only' },
    summary: {
      figures: 'hashrateHs',
      because: 'the A10 gives its present hashrate here; its boards add up to an average',
    },
    estats: {
      figures:
        'boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm faults hashrateAvgHs hashrateHs inletTempC model powerBasis powerLimitW powerW tempC',
      because: 'the modules stand here only; `summary` measures the hashrate over another time',
    },
    stats: {
      figures:
        'boardTempC boardsFitted chipsFitted expectedHashrateHs fanRpm hashrateAvgHs inletTempC powerBasis powerLimitW powerW state tempC',
      because: 'the Home series gives its modules here; only they show that it is switched off',
    },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
  axeos: {
    'GET /api/system/info': { figures: 'all', because: 'this page tells everything but the name' },
    'GET /api/system/asic': { figures: 'chipsFitted', because: 'newer AxeOS counts its chips here' },
  },
  braiins: {
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
  cgminer: {
    version: { figures: 'firmware', because: 'it names the program' },
    devdetails: { figures: 'model', because: 'it names the machine' },
    summary: { figures: 'hashrateAvgHs uptimeS', because: 'average and uptime stand here only' },
    devs: { figures: 'boardTempC boardsFitted boardsWorking', because: 'the boards stand here only' },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
  epic: {
    'GET /network': { figures: 'hardwareId', because: 'it has the MAC' },
    'GET /capabilities': {
      figures: 'chipsFitted model',
      because: 'it names the machine and counts its chips',
    },
    'GET /summary': { figures: 'all', because: 'this page alone tells how the machine does' },
    'GET /temps': { figures: 'boardTempC', because: 'the boards’ temperatures stand here only' },
    'GET /hashrate': { figures: 'chipsWorking', because: 'the chips’ hashrates stand here only' },
  },
  luxos: {
    version: { figures: 'firmware', because: 'it names the program' },
    profiles: { figures: 'powerLimitW', because: 'a profile’s watts stand here only' },
    config: { figures: 'hardwareId powerLimitW', because: 'it has the MAC and the profile’s name' },
    stats: { figures: 'chipsFitted chipsWorking', because: 'the chips stand here only' },
    temps: {
      figures: 'inletTempC tempC',
      because: 'it says which sensor stands at the inlet; else its copies are chips’',
    },
    power: { figures: 'powerBasis powerW', because: 'the watts stand here only' },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
  proto: {
    'POST /api/v1/auth/login': { figures: 'all', because: 'every page needs its token' },
    'GET /api/v1/system': { figures: 'firmware model', because: 'it names the machine' },
    'GET /api/v1/network': { figures: 'hardwareId', because: 'it has the MAC' },
    'GET /api/v1/hardware': {
      figures: 'boardsFitted boardsWorking chipsFitted',
      because: 'it lists the boards',
    },
    'GET /api/v1/mining': {
      figures: 'expectedHashrateHs hashrateAvgHs hashrateHs powerLimitW uptimeS',
      because: 'boards add up to a hashrate of another moment',
    },
    'GET /api/v1/telemetry?level=miner,hashboard,psu': {
      figures: 'boardTempC inletTempC powerBasis powerW',
      because: 'sensors and supplies stand here; else the watts are the firmware’s estimate',
    },
    'GET /api/v1/pools': {
      figures: 'holders shares work',
      because: 'accepted work and its owner stand here only',
    },
    'GET /api/v1/cooling': { figures: 'fanRpm', because: 'the fans stand here only' },
  },
  sealminer: {
    summary: { figures: 'hashrateAvgHs', because: 'the average of `stats` is over another time' },
    stats: {
      figures:
        'boardsFitted boardsWorking chipsFitted chipsWorking expectedHashrateHs fanRpm firmware hardwareId hashrateHs model powerBasis powerLimitW powerW tempC',
      because: 'machine, boards and supply stand here; the hashrate of `summary` is estimated from shares',
    },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
  vnish: {
    'POST /api/v1/unlock': {
      figures: 'faults hardwareId powerBasis powerW',
      because: 'every page needs its token; an answer without a token is a note',
    },
    'GET /api/v1/info': { figures: 'hardwareId', because: 'it has the MAC' },
    'GET /api/v1/summary': {
      figures: 'powerBasis powerW',
      because: 'measured watts stand here; else they are an estimate',
    },
    stats: { figures: 'chipsWorking', because: 'the web interface counts red chips otherwise' },
  },
  whatsminer: {
    get_version: { figures: 'model', because: 'API 2.2 names the machine here only' },
    devdetails: { figures: 'model', because: 'API 1 and 2 name the machine here only' },
    summary: {
      figures:
        'expectedHashrateHs fanRpm faults hardwareId hashrateAvgHs hashrateHs inletTempC powerBasis powerLimitW powerW tempC uptimeS',
      because: 'boards add up to a hashrate of another moment; the rest stands here only',
    },
    edevs: {
      figures: 'boardsFitted boardsWorking chipsWorking',
      because: 'it lists the boards of this machine',
    },
    devs: {
      figures: 'boardTempC boardsFitted boardsWorking chipsWorking',
      because: 'it lists the boards where there is no `edevs`',
    },
    get_miner_info: { figures: 'hardwareId', because: 'API 2.2 has the MAC here only' },
    get_error_code: { figures: 'faults', because: 'API 2 lists its errors here only' },
    pools: { figures: 'holders shares work', because: 'accepted work and its owner stand here only' },
  },
  'whatsminer-v3': {
    'get.device.info': { figures: 'firmware hardwareId model', because: 'it names the machine' },
    'get.miner.status summary': {
      figures: 'boardTempC expectedHashrateHs fanRpm hashrateAvgHs inletTempC powerLimitW powerW uptimeS',
      because: 'it stands here only; the watts are then the supply’s own',
    },
    'get.miner.status edevs': {
      figures: 'boardsFitted boardsWorking chipsWorking',
      because: 'it lists the boards',
    },
    'get.miner.status pools': { figures: 'holders', because: 'the pools stand here only' },
  },
}

/** Declared requests that no recorded machine is asked, and why. */
export const UNASKED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  antminer: {
    'GET /cgi-bin/get_miner_conf.cgi': 'only of a machine that does not hash: antminer-web.test.ts',
  },
  auradine: Object.fromEntries(
    ['ipreport', 'asccount', 'psu', 'fan', 'temperature', 'mode', 'led'].map((command) => [
      command,
      'only without a login: auradine.test.ts',
    ]),
  ),
}
