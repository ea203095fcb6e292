-- What the doctor's scripts about named things share.

-- named wants a thing under its name.
local function named(name, id)
  local have = redis.call('HGET', P .. ':names', name)
  if not have then
    fault('thing_unnamed', id, name, function() redis.call('HSETNX', P .. ':names', name, id) end)
  elseif have ~= id then
    fault('name_of_another', id, name)
  end
end
