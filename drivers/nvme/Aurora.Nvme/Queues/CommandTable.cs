// Which command ids are outstanding in one queue pair, and what each stands for. A command id is generation << 8 | slot: the generation
// changes every time a slot is reused, so a completion that arrives twice, or late, or made up, names nothing. Slots below 255 only:
// FFFFh is never a command id (the specification gives it a meaning of its own). Busy slots form a list in submission order, so the
// oldest command, whose deadline comes first, is found at once. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>What the driver remembers about a command besides its request.</summary>
internal struct CommandNote
{
    /// <summary>For a flush: how many writes had completed when it was issued (<see cref="FlushGuard"/>).</summary>
    public ulong WritesCompleted;

    /// <summary>How often the request was issued before.</summary>
    public byte Reissues;

    public bool IsAbortAsked;
}

/// <summary>A command whose deadline has passed.</summary>
internal unsafe struct LateCommand
{
    public ushort CommandId;
    public BlockRequest* Request;
    public CommandNote Note;
}

/// <summary>The outstanding commands of a queue pair, in a fixed number of slots.</summary>
internal sealed unsafe class CommandTable
{
    private const int None = -1;
    private const int SlotMask = 0xFF;

    private struct Slot
    {
        public BlockRequest* Request;
        public ulong Deadline;
        public CommandNote Note;
        public int Next;
        public int Previous;
        public byte Generation;
    }

    private readonly Slot[] _slots;
    private int _firstFree;
    private int _oldest = None;
    private int _newest = None;

    public CommandTable(int slots)
    {
        Panic.Unless(slots is > 0 and < NvmeOptions.MaximumQueueEntries, "nvme: command table size"u8);
        _slots = new Slot[slots];
        for (int i = 0; i < slots; i++)
            _slots[i].Next = i + 1 < slots ? i + 1 : None;
    }

    public int Capacity => _slots.Length;

    /// <summary>The number of commands outstanding.</summary>
    public int Count { get; private set; }

    public bool IsFull => _firstFree == None;

    /// <summary>The request outstanding for the longest time, or null.</summary>
    public BlockRequest* Oldest => _oldest == None ? null : _slots[_oldest].Request;

    /// <summary>When the oldest command must have completed; the end of time when none is outstanding.</summary>
    public ulong OldestDeadline => _oldest == None ? ulong.MaxValue : _slots[_oldest].Deadline;

    /// <summary>The slot of a command id, 0 to <see cref="Capacity"/> − 1.</summary>
    public static int SlotOf(ushort commandId) => commandId & SlotMask;

    /// <summary>Makes a request outstanding; the table must not be full. Returns the command id to use.</summary>
    public ushort Take(BlockRequest* request, ulong deadline, CommandNote note = default)
    {
        int index = _firstFree;
        Panic.Unless(index != None, "nvme: command table overflow"u8);
        ref Slot slot = ref _slots[index];
        _firstFree = slot.Next;
        slot.Request = request;
        slot.Deadline = deadline;
        slot.Note = note;
        slot.Generation++;
        slot.Next = None;
        slot.Previous = _newest;
        if (_newest == None)
            _oldest = index;
        else
            _slots[_newest].Next = index;
        _newest = index;
        Count++;
        return (ushort)(slot.Generation << 8 | index);
    }

    /// <summary>Ends a command and returns its request; null when the id names no outstanding command.</summary>
    public BlockRequest* Release(ushort commandId) => Release(commandId, out _);

    /// <summary>The same, with what was noted about the command.</summary>
    public BlockRequest* Release(ushort commandId, out CommandNote note)
    {
        note = default;
        int index = SlotOf(commandId);
        if (index >= _slots.Length)
            return null;
        ref Slot slot = ref _slots[index];
        BlockRequest* request = slot.Request;
        if (request == null || slot.Generation != commandId >> 8)
            return null;
        note = slot.Note;
        Remove(index);
        return request;
    }

    /// <summary>
    /// Finds a command whose deadline has passed: one whose abort was asked for in vain before any other, else the oldest. Looks at every
    /// command, because an abort moves a deadline; only health checks ask.
    /// </summary>
    public bool TryFindLate(ulong now, out LateCommand late)
    {
        late = default;
        for (int index = _oldest; index != None; index = _slots[index].Next)
        {
            ref Slot slot = ref _slots[index];
            bool isBetter = late.Request == null || (slot.Note.IsAbortAsked && !late.Note.IsAbortAsked);
            if (slot.Deadline < now && isBetter)
                late = new LateCommand { CommandId = (ushort)(slot.Generation << 8 | index), Request = slot.Request, Note = slot.Note };
        }
        return late.Request != null;
    }

    /// <summary>Notes that an outstanding command's abort has been asked for, and gives it until a new deadline to end.</summary>
    public void AskAbort(ushort commandId, ulong deadline)
    {
        ref Slot slot = ref _slots[SlotOf(commandId)];
        slot.Note.IsAbortAsked = true;
        slot.Deadline = deadline;
    }

    /// <summary>Ends the oldest command whatever its id; only once the controller cannot complete it any more. Null when there is none.</summary>
    public BlockRequest* ReleaseOldest(out ulong deadline)
    {
        deadline = OldestDeadline;
        BlockRequest* request = Oldest;
        if (request != null)
            Remove(_oldest);
        return request;
    }

    private void Remove(int index)
    {
        ref Slot slot = ref _slots[index];
        if (slot.Previous == None)
            _oldest = slot.Next;
        else
            _slots[slot.Previous].Next = slot.Next;
        if (slot.Next == None)
            _newest = slot.Previous;
        else
            _slots[slot.Next].Previous = slot.Previous;
        slot.Request = null;
        slot.Next = _firstFree;
        _firstFree = index;
        Count--;
    }
}
