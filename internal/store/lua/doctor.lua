-- What every script of the doctor's shares. ARGV: 1 'look' or 'mend', 2 the set, lane or model that the
-- members are of ('' none), 3 and on: the members to look at.
local found, mendings = {}, {}

local ENOUGH = 500000 -- bytes of JSON that one script reads: it must hold nobody up
local bytes = 0

-- fault notes that a member is not as it should be; mending, if there is one, puts it right.
local function fault(code, member, detail, mending)
  found[#found + 1] = code
  found[#found + 1] = member
  found[#found + 1] = detail and tostring(detail) or ''
  mendings[#mendings + 1] = mending
end

-- read decodes JSON that we wrote; what cannot be read is nil.
local function read(text)
  bytes = bytes + (text and #text or 0)
  local ok, value = pcall(cjson.decode, text or '')
  return ok and type(value) == 'table' and value or nil
end

-- report mends, now that all is read, if that was asked for, and answers how many members were looked
-- at and what was found.
local function report(looked, hints)
  if ARGV[1] == 'mend' then
    for _, mending in ipairs(mendings) do
      mending()
    end
  end
  return { looked, found, hints or {} }
end
