-- A turn on a project's lane of large fan-outs. Rows are event IDs; done, each: id, op ('end', 'back').
local kind = { timed = false }

function kind.apply(i)
  local rows = P .. ':rows:' .. ARGV[1]
  for at = i, #ARGV, 2 do
    local score = redis.call('ZSCORE', rows, ARGV[at])
    if score and tonumber(score) < 0 then
      if ARGV[at + 1] == 'end' then
        redis.call('ZREM', rows, ARGV[at])
      else
        redis.call('ZADD', rows, num(-tonumber(score)), ARGV[at])
      end
    end
  end
end

function kind.orphaned(lane)
  return false
end

function kind.interrupted(id)
end

function kind.row(id)
  return id
end

return turn(kind)
