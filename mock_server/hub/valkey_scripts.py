"""The scripts that a Valkey or Redis server runs. Their first two arguments are the prefix of all keys and a world.

Of a world there are ``stage`` (a hash: version, clock, scenarios, how far each is), ``windows`` and ``seen``, ``keys``
and ``order``, ``journal`` (a stream, each entry a batch, whose name is the number of its last note), ``end`` (that
number) and ``removed``, ``coverage`` and ``covered``. All expire after the world was not used for long.

Of all worlds there are ``plain`` and ``changed`` (worlds by last use), ``versions``, ``held`` (worlds with a journal by
last note), ``entries`` and ``bytes`` (how much each journal holds, about, and all together under the empty name).
"""

from __future__ import annotations

_BEGIN = """
local P, W = ARGV[1], ARGV[2]
local call = redis.call
local function key(kind, world) return P .. kind .. ':' .. (world or W) end
local KINDS = {'stage', 'windows', 'seen', 'keys', 'order', 'journal', 'end', 'removed', 'coverage', 'covered'}
local clock = call('TIME')
local now = clock[1] + clock[2] / 1000000
local function publish(kind, text, version)
  call('PUBLISH', P .. 'events', cjson.encode({kind, text, version or 0}))
end
local function hold(world, entries)
  local bytes = 0
  if entries > 0 then
    bytes = call('MEMORY', 'USAGE', key('journal', world)) or 0
  else
    call('DEL', key('journal', world), key('end', world), key('removed', world))
    call('ZREM', P .. 'held', world)
  end
  for kind, value in pairs({entries = entries, bytes = bytes}) do
    local before = tonumber(call('HGET', P .. kind, world) or '0')
    if value > 0 then call('HSET', P .. kind, world, value) else call('HDEL', P .. kind, world) end
    call('HINCRBY', P .. kind, '', value - before)
  end
end
local function drop(world)
  hold(world, 0)
  for _, kind in ipairs(KINDS) do call('DEL', key(kind, world)) end
  call('ZREM', P .. 'plain', world)
  call('ZREM', P .. 'changed', world)
  if call('HDEL', P .. 'versions', world) == 1 then publish('version', world, 0) end
end
local function use(changed)
  if changed or call('ZSCORE', P .. 'changed', W) then
    call('ZADD', P .. 'changed', now, W)
    call('ZREM', P .. 'plain', W)
  else
    call('ZADD', P .. 'plain', now, W)
  end
  local most, since = tonumber(ARGV[3]), now - tonumber(ARGV[4])
  for _, kind in ipairs({'plain', 'changed'}) do
    while true do
      local world, used = unpack(call('ZRANGE', P .. kind, 0, 0, 'WITHSCORES'))
      local are_many = call('ZCARD', P .. 'plain') + call('ZCARD', P .. 'changed') > most
      if not world or world == W or not are_many and tonumber(used) >= since then break end
      drop(world)
      publish('forgotten', world)
    end
  end
end
local function expire(seconds, kinds)
  for _, kind in ipairs(kinds) do call('EXPIRE', key(kind), seconds) end
end
"""

CHANGE = (
    _BEGIN
    + """
-- most worlds, seconds, what to do, its argument, standing scenarios, most scenarios
local stage, what, argument = key('stage'), ARGV[5], cjson.decode(ARGV[6])
local known = call('HMGET', stage, 'version', 'scenarios', 'stands_at', 'ahead')
local scenarios = cjson.decode(known[2] or ARGV[7])
local changed = false
-- The first that is written, since a server that is full refuses that, and takes all that follows something that was.
-- Versions grow even where the server has lost everything: they begin with milliseconds since 1970.
local version = call('INCR', P .. 'version')
if version == 1 then
  version = math.floor(now * 1000)
  call('SET', P .. 'version', version)
end
local function forget(name) call('HDEL', stage, 'met:' .. name, 'used:' .. name) end
if what == 'start' then
  local list = {argument}
  for _, other in ipairs(scenarios) do if other[1] ~= argument[1] then list[#list + 1] = other end end
  if #list > tonumber(ARGV[8]) then return {'no'} end
  forget(argument[1])
  call('HDEL', stage, 'state:' .. argument[2])
  scenarios = list
elseif what == 'end' then
  local list = {}
  for _, other in ipairs(scenarios) do
    if argument[1] == '' or argument[1] == other[1] then forget(other[1]) else list[#list + 1] = other end
  end
  if argument[1] == '' then
    for _, field in ipairs(call('HKEYS', stage)) do
      if field:sub(1, 6) == 'state:' then call('HDEL', stage, field) end
    end
  end
  if #list == #scenarios then return {'no'} end
  scenarios = list
elseif what == 'set' then
  call('HSET', stage, 'stands_at', argument[1], 'ahead', argument[2])
  if argument[1] == '' then call('HDEL', stage, 'stands_at') end
elseif what == 'advance' then
  local moved = (known[3] and tonumber(known[3]) or now + tonumber(known[4] or '0')) + tonumber(argument[1])
  if moved < 0 or moved >= tonumber(argument[2]) then return {'range'} end
  if known[3] then call('HSET', stage, 'stands_at', string.format('%.6f', moved))
  else call('HSET', stage, 'ahead', string.format('%.6f', tonumber(known[4] or '0') + tonumber(argument[1]))) end
end
local text = #scenarios == 0 and '[]' or cjson.encode(scenarios)
call('HSET', stage, 'version', version, 'scenarios', text)
call('HSET', P .. 'versions', W, version)
use(true)
expire(ARGV[4], {'stage'})
publish('version', W, version)
local after = call('HMGET', stage, 'stands_at', 'ahead')
return {'yes', version, after[1] or '', after[2] or ''}
"""
)

DECIDE = (
    _BEGIN
    + """
-- most worlds, seconds, version, caller, limit, seconds of the window, most callers, key, fingerprint, claim, seconds
-- of a claim, most keys, most bytes, matches
local stage = key('stage')
local known = call('HMGET', stage, 'version', 'stands_at', 'ahead', 'touched')
if (known[1] or '0') ~= ARGV[5] then return {'version'} end
local time = known[2] and tonumber(known[2]) or now + tonumber(known[3] or '0')
local result = {'', 0, 0, '', '', '', -1, 0}
-- The turn is found first and taken last: a share without draws decides nothing at all.
local writes, turn = {}, nil
local matches = ARGV[16] ~= '' and cjson.decode(ARGV[16]) or {}
local states = {}
for _, s in ipairs(matches) do
  local fields = call('HMGET', stage, 'met:' .. s.n, 'used:' .. s.n, 'state:' .. s.m)
  local state = fields[3] or 'Started'
  if s.r == '' or s.r == state then
    local met, used = (tonumber(fields[1]) or 0) + 1, {}
    for count in (fields[2] or ''):gmatch('%d+') do used[#used + 1] = tonumber(count) end
    for index = #used + 1, #s.a do used[index] = 0 end
    local function find()
      for index, a in ipairs(s.a) do
        local fits = (a[1] == 0 or used[index] < a[1]) and (a[4] == '' or a[4] == state) and met % a[2] == 0
        if fits and a[3] then
          local block = s.b
          if math.floor(met / 64) ~= block then return nil, true end
          fits = s.d[tostring(index - 1)]:sub(met % 64 + 1, met % 64 + 1) == '1'
        end
        if fits then return index end
      end
    end
    local index, missing = find()
    if missing then return {'draws', s.n, met} end
    if not index and s.e then
      local over = true
      for i, a in ipairs(s.a) do if a[1] == 0 or used[i] < a[1] then over = false end end
      if over then
        for i = 1, #used do used[i] = 0 end
        index, missing = find()
        if missing then return {'draws', s.n, met} end
      end
    end
    if index then used[index] = used[index] + 1 end
    writes[#writes + 1] = {'met:' .. s.n, met, 'used:' .. s.n, table.concat(used, ',')}
    if index then
      local new = s.a[index][5] ~= '' and s.a[index][5] or s.w
      if new ~= '' then writes[#writes + 1] = {'state:' .. s.m, new} end
      turn = {s.n, index - 1, met}
      break
    end
  end
end
if ARGV[6] ~= '' then
  local seconds = tonumber(ARGV[8])
  local window, used = math.floor(time / seconds), 1
  local before = call('HGET', key('windows'), ARGV[6])
  if before then
    local number, count = before:match('(%-?%d+):(%d+)')
    if tonumber(number) == window then used = tonumber(count) + 1 end
  end
  call('HSET', key('windows'), ARGV[6], string.format('%d:%d', window, used))
  call('ZADD', key('seen'), now, ARGV[6])
  if not before then expire(ARGV[4], {'windows', 'seen'}) end
  if call('ZCARD', key('seen')) > tonumber(ARGV[9]) then
    call('HDEL', key('windows'), call('ZPOPMIN', key('seen'))[1])
  end
  result[2], result[3] = used, math.max(1, math.ceil((window + 1) * seconds - time))
end
-- Its last use is known to the second: noting it takes as long as all the rest.
if math.abs(now - tonumber(known[4] or '0')) > 1 then
  use(true)
  call('HSET', stage, 'touched', clock[1])
  expire(ARGV[4], {'stage', 'windows', 'seen', 'keys', 'order'})
end
if ARGV[6] ~= '' and result[2] > tonumber(ARGV[7]) then return result end
if ARGV[10] ~= '' then
  local kept = call('HGET', key('keys'), ARGV[10])
  local answered = kept and kept:sub(1, 1) == '='
  if kept and (answered or tonumber(kept:sub(50)) > now) then
    if kept:sub(2, 33) ~= ARGV[11] then result[4] = 'conflict'
    elseif answered then result[4], result[5] = 'replay', kept:sub(34)
    else result[4] = 'pending' end
    return result
  end
  call('HSET', key('keys'), ARGV[10], '?' .. ARGV[11] .. ARGV[12] .. string.format('%.6f', now + tonumber(ARGV[13])))
  call('ZADD', key('order'), call('INCR', P .. 'sequence'), ARGV[10])
  if call('ZCARD', key('order')) > tonumber(ARGV[14]) then
    local oldest = call('ZPOPMIN', key('order'))[1]
    local answer = call('HGET', key('keys'), oldest)
    call('HDEL', key('keys'), oldest)
    if answer and answer:sub(1, 1) == '=' then call('HINCRBY', stage, 'key_bytes', 33 - #answer) end
  end
  result[4], result[5] = 'claimed', ARGV[12]
  expire(ARGV[4], {'keys', 'order'})
end
for _, write in ipairs(writes) do call('HSET', stage, unpack(write)) end
if turn then result[6], result[7], result[8] = turn[1], turn[2], turn[3] end
return result
"""
)

SETTLE = (
    _BEGIN
    + """
-- key, claim, most bytes, whether to keep, answer
local kept = call('HGET', key('keys'), ARGV[3])
if not kept or kept:sub(1, 1) ~= '?' or kept:sub(34, 49) ~= ARGV[4] then return 0 end
if ARGV[6] == '0' then
  call('ZREM', key('order'), ARGV[3])
  return call('HDEL', key('keys'), ARGV[3])
end
call('HSET', key('keys'), ARGV[3], '=' .. kept:sub(2, 33) .. ARGV[7])
local size = call('HINCRBY', key('stage'), 'key_bytes', #ARGV[7])
while size > tonumber(ARGV[5]) do
  local oldest = call('ZPOPMIN', key('order'))[1]
  if not oldest then break end
  local answer = call('HGET', key('keys'), oldest)
  call('HDEL', key('keys'), oldest)
  if answer and answer:sub(1, 1) == '=' then size = call('HINCRBY', key('stage'), 'key_bytes', 33 - #answer) end
end
return 1
"""
)

NOTE = (
    _BEGIN
    + """
-- most worlds, seconds, most entries, most bytes, ring, first, last, then for each world its name, entries, their
-- content, and requests and keys by what was covered
local arrived = tonumber(call('GET', P .. 'arrived:' .. ARGV[7]) or '0')
if arrived >= tonumber(ARGV[8]) then return arrived end
call('SET', P .. 'arrived:' .. ARGV[7], ARGV[9], 'EX', ARGV[4])
local most = tonumber(ARGV[5])
for i = 10, #ARGV, 4 do
  W = ARGV[i]
  if ARGV[i + 1] ~= '0' then
    if call('EXISTS', key('end')) == 0 then call('DEL', key('journal')) end
    local upto = call('INCRBY', key('end'), ARGV[i + 1])
    call('XADD', key('journal'), upto .. '-0', 'c', ARGV[i + 2])
    if upto > most then call('XTRIM', key('journal'), 'MINID', upto - most + 1) end
    hold(W, math.min(upto, most))
    call('ZADD', P .. 'held', now, W)
  end
  for target, counted in pairs(cjson.decode(ARGV[i + 3])) do
    for _, kind in ipairs({':' .. W, '-total'}) do
      call('HINCRBY', P .. 'coverage' .. kind, target, counted[1])
      for _, name in ipairs(counted[2]) do call('SADD', P .. 'covered' .. kind, target .. '\0' .. name) end
    end
  end
  use(false)
  expire(ARGV[4], {'journal', 'end', 'removed', 'coverage', 'covered'})
end
while tonumber(call('HGET', P .. 'bytes', '') or '0') > tonumber(ARGV[6]) do
  local oldest = call('ZRANGE', P .. 'held', 0, 0)[1]
  if not oldest then break end
  local half = math.floor(call('XLEN', key('journal', oldest)) / 2)
  call('XTRIM', key('journal', oldest), 'MAXLEN', half)
  hold(oldest, half > 0 and math.ceil(tonumber(call('HGET', P .. 'entries', oldest)) / 2) or 0)
end
return 0
"""
)

CLEAR = _BEGIN + "hold(W, 0)\n"

RESET = _BEGIN + "drop(W)\npublish('reset', W)\n"

HAS_WORLD = _BEGIN + "return call('ZSCORE', P .. 'plain', W) or call('ZSCORE', P .. 'changed', W)\n"

FIGURES = (
    _BEGIN
    + """
local worlds = call('ZCARD', P .. 'plain') + call('ZCARD', P .. 'changed')
return {worlds, call('HGET', P .. 'entries', '') or 0, call('HGET', P .. 'bytes', '') or 0}
"""
)

SIGN = """
-- Of the prefix of all servers: digest, seconds for which a sign counts, seconds after which what nobody serves expires
local P, now = ARGV[1], redis.call('TIME')[1]
redis.call('ZADD', P .. 'digests', now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', P .. 'digests', '-inf', now - ARGV[3])
redis.call('EXPIRE', P .. 'digests', ARGV[4])
for _, kind in ipairs({
  'plain', 'changed', 'versions', 'version', 'sequence', 'held', 'entries', 'bytes', 'coverage-total', 'covered-total'
}) do
  redis.call('EXPIRE', P .. ARGV[2] .. ':' .. kind, ARGV[4])
end
return redis.call('ZRANGE', P .. 'digests', 0, -1)
"""
