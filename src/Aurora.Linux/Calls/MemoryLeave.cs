// What a thread that ends leaves behind in memory for others: the robust futexes it owned are marked (FUTEX_OWNER_DIED) and one waiter of each is
// woken, then its cleared thread id. Two passes: the first brings every page that is needed into memory and may have to wait for it, the second
// does the work and cannot. What is not accessible at all is left alone. The list is the program's and may say anything: it is bounded.
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>struct robust_list_head.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RobustHead
{
    public ulong Next;
    public long Offset;
    public ulong Pending;
}

/// <summary>One walk over what a thread leaves behind; lives on the stack.</summary>
internal unsafe ref struct MemoryLeave
{
    private const int MaxRobustEntries = 2048;
    private const uint FutexOwnerDied = 0x40000000;
    private const uint FutexWaiters = 0x80000000;
    private const uint FutexOwnerMask = 0x3FFFFFFF;

    private readonly LinuxKernel _kernel;
    private readonly Thread* _thread;
    private readonly AddressSpace* _space;
    private readonly bool _changes;
    private AccessResult _page;
    private int _entries;

    private MemoryLeave(LinuxKernel kernel, Thread* thread, bool changes)
    {
        _kernel = kernel;
        _thread = thread;
        _space = thread->Process->AddressSpace;
        _changes = changes;
    }

    private readonly bool MustWait => _page.Status == MemoryStatus.WouldBlock;

    /// <summary>Makes every page there; false with the page to wait for.</summary>
    public static bool Prepare(LinuxKernel kernel, Thread* thread, bool isShared, out AccessResult page)
    {
        var leave = new MemoryLeave(kernel, thread, changes: false);
        leave.Walk(isShared);
        page = leave._page;
        return !leave.MustWait;
    }

    /// <summary>Marks, clears and wakes; <see cref="Prepare"/> has succeeded in the same dispatch. Returns how many robust futexes there were.</summary>
    public static int Run(LinuxKernel kernel, Thread* thread, bool isShared)
    {
        var leave = new MemoryLeave(kernel, thread, changes: true);
        leave.Walk(isShared);
        thread->RobustList = 0;
        thread->ClearChildTid = 0;
        return leave._entries;
    }

    private void Walk(bool isShared)
    {
        if (_thread->RobustList != 0)
            WalkRobust(_thread->RobustList);
        if (MustWait || _thread->ClearChildTid == 0 || !isShared)
            return;
        if (Write(_thread->ClearChildTid, 0))
            _kernel.Futexes.Wake(_space, _thread->ClearChildTid, 1);
    }

    private void WalkRobust(ulong headAddress)
    {
        if (!Read(headAddress, out RobustHead head))
            return;
        ulong entry = head.Next;
        for (int i = 0; i < MaxRobustEntries && entry != headAddress; i++)
        {
            _entries++;
            // Bit 0 marks priority-inheriting locks; the entry is the address without it.
            ulong address = entry & ~1UL;
            bool hasNext = Read(address, out ulong next);
            if (address != (head.Pending & ~1UL) && !MustWait)
                MarkOwnerDied(address + (ulong)head.Offset);
            if (!hasNext || MustWait)
                return;
            entry = next;
        }
        if (head.Pending != 0)
            MarkOwnerDied((head.Pending & ~1UL) + (ulong)head.Offset);
    }

    private void MarkOwnerDied(ulong address)
    {
        if ((address & 3) != 0 || !Read(address, out uint word) || (word & FutexOwnerMask) != (uint)_thread->Id)
            return;
        uint marked = (word & FutexWaiters) | FutexOwnerDied;
        if (Write(address, marked) && (word & FutexWaiters) != 0)
            _kernel.Futexes.Wake(_space, address, 1);
    }

    private readonly bool IsOfRegion(ulong address)
    {
        Mapping* mapping = MappingTable.Find(_space, new VirtualAddress(address));
        return mapping != null && mapping->Object->Region != null;
    }

    private bool Read<T>(ulong address, out T value)
        where T : unmanaged
    {
        _page = _kernel.User.Read(_space, new VirtualAddress(address), out value);
        return _page.IsOk;
    }

    // In the first pass only makes the word writable. What an overtaken thread held in a region may be another's by now, who has the same
    // number, and what it would store there nobody has asked for.
    private bool Write(ulong address, uint value)
    {
        if (_thread->Process->IsOvertaken && IsOfRegion(address))
            return false;
        _page = _changes
            ? _kernel.User.Write(_space, new VirtualAddress(address), in value)
            : _kernel.User.Probe(_space, new VirtualAddress(address), sizeof(uint), true);
        return _page.IsOk && _changes;
    }
}
