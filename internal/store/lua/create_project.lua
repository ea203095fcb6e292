-- Makes a draft of a project a project. Answers whether it is one.
local row = KEYS[1] .. ':project'
redis.call('HDEL', row, 'draft')
return redis.call('EXISTS', row)
