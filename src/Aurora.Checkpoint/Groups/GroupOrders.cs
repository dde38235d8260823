// What has been asked to be done with groups. One thing is done at a time, in the order in which it was asked for, by a fiber; who asked
// waits with a ticket. Tickets begin at the time of the boot, so that one of an earlier boot is recognised. The newest results are known
// for long enough that everybody who waits finds his. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>One thing that was asked for.</summary>
internal unsafe struct GroupOrder
{
    public GroupRequest Request;
    public ulong Ticket;

    /// <summary>The group somebody in which has asked.</summary>
    public ushort Asker;

    /// <summary>The process that has asked, by its id; zero for the launcher.</summary>
    public ulong Process;

    /// <summary>Nobody in a group has asked: the launcher is there as long as the machine.</summary>
    public readonly bool IsOfLauncher => Process == 0;

    /// <summary>The strings of a program to run, in whole pages; null for none.</summary>
    public byte* Text;
    public int TextBytes;
    public int ArgumentCount;
    public int EnvironmentCount;
}

/// <summary>The queue of what was asked for.</summary>
internal sealed unsafe class GroupOrders
{
    /// <summary>So many may wait.</summary>
    public const int Capacity = 8;

    private const int KnownResults = 64;

    private struct Queue
    {
        public WaitQueue Changed;
        public ulong Base;
        public ulong Asked;
        public ulong Done;
        public fixed long Results[KnownResults];
    }

    private readonly PageAllocator _pages;
    private readonly GroupOrder* _orders;
    private readonly Queue* _queue;

    public GroupOrders(PageAllocator pages, Clock clock)
    {
        _pages = pages;
        _orders = (GroupOrder*)pages.Allocate((int)PageSize.PagesFor((ulong)(Capacity * sizeof(GroupOrder))));
        _queue = (Queue*)pages.Allocate(1);
        Panic.Unless(_orders != null && _queue != null && sizeof(Queue) <= PageSize.Bytes, "groups: no memory for what is asked for"u8);
        _queue->Base = _queue->Asked = _queue->Done = clock.RealtimeNanoseconds;
    }

    /// <summary>Where the tickets of this boot begin.</summary>
    public ulong Base => _queue->Base;

    /// <summary>Woken when something has been done, and when a group comes or goes.</summary>
    public WaitQueue* Changed => &_queue->Changed;

    /// <summary>
    /// Adds an order; EAGAIN when too many wait, or more of the same group than it may have, ENOMEM without memory for the strings.
    /// </summary>
    public Errno Add(
        ushort asker, ObjectId process, int most, in GroupRequest request, in ProgramStrings program, out ulong ticket)
    {
        ticket = 0;
        if (_queue->Asked - _queue->Done >= Capacity || CountOf(asker) >= most)
            return Errno.EAGAIN;
        byte* text = null;
        if (!program.Text.IsEmpty)
        {
            text = (byte*)_pages.Allocate((int)PageSize.PagesFor((ulong)program.Text.Length));
            if (text == null)
                return Errno.ENOMEM;
            program.Text.CopyTo(new Span<byte>(text, program.Text.Length));
        }
        ticket = ++_queue->Asked;
        _orders[ticket % Capacity] = new GroupOrder
        {
            Request = request, Ticket = ticket, Asker = asker, Process = process.Value, Text = text, TextBytes = program.Text.Length,
            ArgumentCount = program.ArgumentCount,
            EnvironmentCount = program.EnvironmentCount,
        };
        return Errno.Ok;
    }

    private int CountOf(ushort asker)
    {
        int count = 0;
        for (ulong ticket = _queue->Done + 1; ticket <= _queue->Asked; ticket++)
            count += _orders[ticket % Capacity].Asker == asker ? 1 : 0;
        return count;
    }

    /// <summary>The oldest that is not done; null for none.</summary>
    public GroupOrder* First => _queue->Done == _queue->Asked ? null : &_orders[(_queue->Done + 1) % Capacity];

    /// <summary>The oldest is done, with this result.</summary>
    public void Complete(long result)
    {
        GroupOrder* order = First;
        if (order->Text != null)
            _pages.Free(order->Text, (int)PageSize.PagesFor((ulong)order->TextBytes));
        order->Text = null;
        _queue->Done++;
        _queue->Results[_queue->Done % KnownResults] = result;
    }

    /// <inheritdoc cref="GroupService.IsDone"/>
    public bool IsDone(ulong ticket, out long result)
    {
        bool isKnown = ticket > _queue->Base && ticket <= _queue->Asked && _queue->Asked - ticket < KnownResults;
        result = isKnown && ticket <= _queue->Done ? _queue->Results[ticket % KnownResults] : -(long)Errno.ECANCELED;
        return !isKnown || ticket <= _queue->Done;
    }
}
