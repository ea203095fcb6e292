-- What the doctor's scripts about named things share.

-- stands_for reports whether a name is that of a thing that is there. One that a sync has reserved may
-- wait for its sync.
local function stands_for(name, id)
  local kind, rest = string.match(name, '^(%a):(.*)$')
  if kind == 'i' then
    local row = read(redis.call('HGET', P .. ':integrations', id))
    return row and row.Key == rest
  end
  local integration, short = string.match(rest or '', '^([^:]+):(.*)$')
  if kind == 'c' then
    local row = read(redis.call('HGET', P .. ':con:' .. id, 'f'))
    return row and row.Integration == integration and row.Name == short
  elseif kind == 's' then
    local row = read(redis.call('HGET', P .. ':syncs:' .. integration, id))
    return redis.call('HEXISTS', P .. ':integrations', integration) == 1 and (not row or row.Name == short)
  end
  return false
end

-- named wants a thing under its name, unless that stands for another that is called so too.
local function named(name, id)
  local key = P .. ':names'
  local have = redis.call('HGET', key, name)
  if have and have ~= id and stands_for(name, have) then
    fault('name_of_another', id, name)
  elseif have ~= id then
    fault('thing_unnamed', id, name, function() redis.call('HSET', key, name, id) end)
  end
end
