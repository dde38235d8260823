using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>struct semid64_ds.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetStatus
{
    public const int Bytes = 104;

    public IpcPermissions Permissions;
    public ulong OperationSeconds, Unused1, ChangeSeconds, Unused2, Count, Unused3, Unused4;
}

/// <summary>struct seminfo.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetLimits
{
    public const int Bytes = 40;

    public int Map, MostSets, AllSemaphores, AllUndos, SemaphoresInSet, OperationsInCall, UndosOfProcess, UndoBytes, MostValue, MostUndo;
}

/// <summary>semctl.</summary>
internal static unsafe class SemaphoreControl
{
    private const int GetProcess = 11;
    private const int GetValue = 12;
    private const int GetAll = 13;
    private const int CountGrowing = 14;
    private const int CountZero = 15;
    private const int SetValue = 16;
    private const int SetAll = 17;
    private const int StatusOfIndex = 18;
    private const int Totals = 19;
    private const int StatusOfAny = 20;
    private const int ValuesAtOnce = 256;
    private const int UndoBytes = 20;

    public static void Register(SystemCallTable table) => table.Register(66, &Control);

    private static SystemCallResult Control(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (a->Int0 < 0)
            return Errno.EINVAL;
        switch (a->Int2)
        {
            case IpcFlags.Information or Totals: return TellLimits(kernel, thread, a->Int2 == Totals, a->Arg3);
            case IpcFlags.Status or StatusOfIndex or StatusOfAny: return TellStatus(kernel, thread, a->Int0, a->Int2, a->Arg3);
            case GetAll: return TellAll(kernel, thread, a->Int0, a->Arg3);
            case GetValue or GetProcess or CountGrowing or CountZero: return TellOne(kernel, thread, a->Int0, a->Int1, a->Int2);
            case SetAll: return SetEach(kernel, thread, a->Int0, a->Arg3);
            case SetValue: return SetOne(kernel, thread, a->Int0, a->Int1, a->Int3);
            case IpcFlags.Set: return Set(kernel, thread, a->Int0, a->Arg3);
            case IpcFlags.Remove: return Remove(kernel, thread, a->Int0);
            default: return Errno.EINVAL;
        }
    }

    private static SystemCallResult TellLimits(LinuxKernel kernel, Thread* thread, bool tellsTotals, ulong address)
    {
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        IpcSettings settings = kernel.Ipc.State.SettingsOf(kernel.GroupOf(thread));
        IpcSettings usual = IpcSettings.Default;
        var limits = new SetLimits
        {
            MostSets = settings.MostSets, AllSemaphores = settings.AllSemaphores, SemaphoresInSet = settings.SemaphoresInSet,
            OperationsInCall = settings.OperationsInCall, MostValue = SemaphoreBlock.MostValue, Map = usual.AllSemaphores,
            AllUndos = usual.AllSemaphores, UndosOfProcess = usual.OperationsInCall, UndoBytes = UndoBytes,
            MostUndo = SemaphoreBlock.MostValue,
        };
        if (tellsTotals)
        {
            limits.UndoBytes = space == null ? 0 : space->Sets.Count;
            limits.MostUndo = space == null ? 0 : (int)space->SemaphoreCount;
        }
        if (!kernel.Write(thread, address, in limits, out SystemCallResult failure))
            return failure;
        return space == null ? 0 : IpcIds.HighestIndex(&space->Sets);
    }

    private static SystemCallResult TellStatus(LinuxKernel kernel, Thread* thread, int id, int command, ulong address)
    {
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        bool isByIndex = command != IpcFlags.Status;
        SemaphoreSet* set = space == null ? null : (SemaphoreSet*)(isByIndex
            ? IpcIds.At(&space->Sets, id & IpcTable.IndexMask) : IpcIds.Find(&space->Sets, id));
        if (set == null)
            return Errno.EINVAL;
        if (command != StatusOfAny && !IpcAccess.Has(&thread->Process->Credentials, in set->Ipc, IpcAccess.Read))
            return Errno.EACCES;
        var status = new SetStatus
        {
            Permissions = IpcPermissions.Of(in set->Ipc),
            OperationSeconds = set->OperationSeconds,
            ChangeSeconds = set->ChangeSeconds,
            Count = (ulong)set->Count,
        };
        return kernel.Write(thread, address, in status, out SystemCallResult failure) ? isByIndex ? set->Ipc.Id : 0 : failure;
    }

    // The set if there is one, and the caller has a right to it.
    private static Errno Open(LinuxKernel kernel, Thread* thread, int id, uint mode, out SemaphoreSet* set)
    {
        set = SemaphoreCalls.Find(kernel, thread, id);
        return set == null ? Errno.EINVAL
            : IpcAccess.Has(&thread->Process->Credentials, in set->Ipc, mode) ? Errno.Ok : Errno.EACCES;
    }

    private static SystemCallResult TellOne(LinuxKernel kernel, Thread* thread, int id, int semaphore, int command)
    {
        Errno error = Open(kernel, thread, id, IpcAccess.Read, out SemaphoreSet* set);
        if (error != Errno.Ok)
            return error;
        if ((uint)semaphore >= (uint)set->Count)
            return Errno.EINVAL;
        return command switch
        {
            GetValue => Semaphores.ValueOf(set, semaphore),
            GetProcess => Semaphores.ProcessOf(set, semaphore),
            _ => Semaphores.CountWaiters(set, semaphore, command == CountZero),
        };
    }

    // All of the answer is made ready first: it is what the values are at one moment.
    private static SystemCallResult TellAll(LinuxKernel kernel, Thread* thread, int id, ulong address)
    {
        Errno error = Open(kernel, thread, id, IpcAccess.Read, out SemaphoreSet* set);
        if (error != Errno.Ok)
            return error;
        AddressSpace* space = thread->Process->AddressSpace;
        AccessResult access = kernel.User.Probe(space, new VirtualAddress(address), (ulong)set->Count * sizeof(ushort), true);
        Span<ushort> piece = stackalloc ushort[ValuesAtOnce];
        for (int first = 0; first < set->Count && access.IsOk; first += ValuesAtOnce)
        {
            Span<ushort> part = piece[..Math.Min(ValuesAtOnce, set->Count - first)];
            for (int i = 0; i < part.Length; i++)
                part[i] = (ushort)Semaphores.ValueOf(set, first + i);
            access = kernel.User.Write(
                space, new VirtualAddress(address + ((ulong)first * sizeof(ushort))), MemoryMarshal.AsBytes(part));
        }
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }

    private static SystemCallResult SetOne(LinuxKernel kernel, Thread* thread, int id, int semaphore, int value)
    {
        if (value is < 0 or > SemaphoreBlock.MostValue)
            return Errno.ERANGE;
        SemaphoreSet* set = SemaphoreCalls.Find(kernel, thread, id);
        if (set == null || (uint)semaphore >= (uint)set->Count)
            return Errno.EINVAL;
        if (!IpcAccess.Has(&thread->Process->Credentials, in set->Ipc, IpcAccess.Write))
            return Errno.EACCES;
        ushort number = (ushort)value;
        kernel.Ipc.Semaphores.SetValues(set, semaphore, new ReadOnlySpan<ushort>(in number), thread->Process->Id);
        kernel.Ipc.Semaphores.NoteSet(set);
        return 0;
    }

    // In two passes: nothing is set of what is refused.
    private static SystemCallResult SetEach(LinuxKernel kernel, Thread* thread, int id, ulong address)
    {
        Errno error = Open(kernel, thread, id, IpcAccess.Write, out SemaphoreSet* set);
        if (error != Errno.Ok)
            return error;
        Span<ushort> piece = stackalloc ushort[ValuesAtOnce];
        for (int pass = 0; pass < 2; pass++)
        {
            for (int first = 0; first < set->Count; first += ValuesAtOnce)
            {
                Span<ushort> part = piece[..Math.Min(ValuesAtOnce, set->Count - first)];
                AccessResult access = kernel.User.Read(thread->Process->AddressSpace,
                    new VirtualAddress(address + ((ulong)first * sizeof(ushort))), MemoryMarshal.AsBytes(part));
                if (!access.IsOk)
                    return kernel.Stop(thread, in access);
                foreach (ushort value in part)
                    if (value > SemaphoreBlock.MostValue)
                        return Errno.ERANGE;
                if (pass == 1)
                    kernel.Ipc.Semaphores.SetValues(set, first, part, thread->Process->Id);
            }
        }
        kernel.Ipc.Semaphores.NoteSet(set);
        return 0;
    }

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, int id, ulong address)
    {
        if (!kernel.Read(thread, address, out SetStatus wanted, out SystemCallResult failure))
            return failure;
        SemaphoreSet* set = SemaphoreCalls.Find(kernel, thread, id);
        if (set == null)
            return Errno.EINVAL;
        if (!IpcAccess.Owns(&thread->Process->Credentials, in set->Ipc))
            return Errno.EPERM;
        if (!wanted.Permissions.IsValid)
            return Errno.EINVAL;
        kernel.Ipc.Sets.Change(set, wanted.Permissions.Uid, wanted.Permissions.Gid, wanted.Permissions.Mode);
        return 0;
    }

    private static SystemCallResult Remove(LinuxKernel kernel, Thread* thread, int id)
    {
        SemaphoreSet* set = SemaphoreCalls.Find(kernel, thread, id);
        if (set == null)
            return Errno.EINVAL;
        if (!IpcAccess.Owns(&thread->Process->Credentials, in set->Ipc))
            return Errno.EPERM;
        kernel.Ipc.Sets.Remove(set);
        return 0;
    }
}
