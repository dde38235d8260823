// The Aurora system calls about regions as wholes, and giving up: each asks a fiber and waits, not to be interrupted, until it is done. Its
// ticket is the progress (phase Asked). What it says, names among it, is read once: what other threads make of the memory meanwhile does
// not matter. After a restart of the machine nobody knows of what was asked: what may be asked twice is asked again, and of the rest the
// caller hears that it may have been done (ECANCELED).
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class RegionOrderCalls
{
    private const uint Creates = 1;
    private const uint Exclusive = 2;
    private const uint ReadOnly = 4;
    internal const byte Asked = 1;
    private const int InfoSize = 128;
    private const int NameOffset = InfoSize - 64;

    public static void Register(SystemCallTable table)
    {
        table.Register(RegionCalls.First, &Open);
        table.Register(RegionCalls.First + 3, &Abort);
        table.Register(RegionCalls.First + 4, &Resize);
        table.Register(RegionCalls.First + 5, &Delete);
        table.Register(RegionCalls.First + 6, &Clone);
        table.Register(RegionCalls.First + 7, &List);
        table.Register(RegionCalls.First + 9, &Rollback);
        table.Register(RegionCalls.First + 10, &History);
    }

    internal static RegionRequest RequestOf(Thread* thread, RegionRequestKind kind) => new()
    {
        Kind = kind,
        User = thread->Process->Credentials.EffectiveUid,
        IsPrivileged = SeesAll(thread),
        IsAdministrator = thread->Process->Credentials.Has(Capability.SysAdmin),
    };

    private static bool SeesAll(Thread* thread) => thread->Process->Credentials.Has(Capability.DacOverride);

    // Asks for it; what the call comes to, as far as it can be said.
    internal static SystemCallResult Ask(LinuxKernel kernel, Thread* thread, in RegionRequest request, out Region* region)
    {
        Errno error = kernel.Regions.Ask(thread, in request, out ulong ticket, out region);
        if (error != Errno.EAGAIN)
            return error;
        thread->Call.Phase = Asked;
        thread->Call.Progress = ticket;
        return Await(kernel, thread);
    }

    private static SystemCallResult Await(LinuxKernel kernel, Thread* thread)
    {
        kernel.Regions.Await(thread);
        return SystemCallResult.BlockedUninterruptible;
    }

    // What has become of what was asked for before; false when it is to be asked for, for the first time or again.
    internal static bool HasAnswer(LinuxKernel kernel, Thread* thread, bool isOnce, out Region* region, out SystemCallResult answer)
    {
        region = null;
        answer = default;
        if (thread->Call.Phase != Asked)
            return false;
        Errno error = kernel.Regions.Answer(thread, thread->Call.Progress, out region);
        if (error == Errno.ESRCH && !isOnce)
            return false;
        answer = error switch
        {
            Errno.EAGAIN => Await(kernel, thread),
            Errno.ESRCH => Errno.ECANCELED,
            _ => error,
        };
        return true;
    }

    private static bool ReadName(LinuxKernel kernel, Thread* thread, ulong address, ref Span<byte> name, out SystemCallResult failure)
        => SlsCalls.ReadName(kernel, thread, address, ref name, out failure);

    // msnap_open(name, &address, length, flags): the region's number; it is shown at its address.
    private static SystemCallResult Open(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        (uint flags, ulong length) = (arguments->UInt3, arguments->Arg2);
        if ((flags & ~(Creates | Exclusive | ReadOnly)) != 0 || ((flags & Creates) != 0 && length == 0)
            || (flags & (Creates | Exclusive)) == Exclusive || length > VmObject.MaxPages << PageSize.Shift)
            return Errno.EINVAL;
        // What has been done must not fail for want of a page.
        AccessResult access = kernel.User.Probe(
            thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), sizeof(ulong), write: true);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        if (!HasAnswer(kernel, thread, (flags & Exclusive) != 0, out Region* region, out SystemCallResult answer))
            answer = AskToOpen(kernel, thread, arguments, out region);
        return region == null ? answer : Show(kernel, thread, region, arguments);
    }

    private static SystemCallResult AskToOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, out Region* region)
    {
        region = null;
        Span<byte> name = stackalloc byte[RegionRequest.MaxNameBytes];
        if (!ReadName(kernel, thread, arguments->Arg0, ref name, out SystemCallResult failure))
            return failure;
        RegionRequest request = RequestOf(thread, RegionRequestKind.Open);
        request.MayCreate = (arguments->UInt3 & Creates) != 0;
        request.IsExclusive = (arguments->UInt3 & Exclusive) != 0;
        request.Pages = PageSize.PagesFor(arguments->Arg2);
        request.SetName(name);
        return Ask(kernel, thread, in request, out region);
    }

    private static SystemCallResult Show(LinuxKernel kernel, Thread* thread, Region* region, SystemCallArguments* arguments)
    {
        RegionStatus status = kernel.Regions.StatusOf(region);
        if (arguments->Arg2 > status.Bytes)
            return Errno.ERANGE;
        Errno error = Show(kernel, thread, region, in status, (arguments->UInt3 & ReadOnly) != 0);
        if (error != Errno.Ok)
            return error;
        return kernel.Write(thread, arguments->Arg1, in status.Address, out SystemCallResult other) ? (long)status.Number : other;
    }

    // What is shown already stays as it is: it must be shown as it is wished now.
    private static Errno Show(LinuxKernel kernel, Thread* thread, Region* region, in RegionStatus status, bool isReadOnly)
    {
        AddressSpace* space = thread->Process->AddressSpace;
        var address = new VirtualAddress(status.Address);
        Protection wished = isReadOnly ? Protection.Read : Protection.Read | Protection.Write;
        Mapping* there = MappingTable.Find(space, address);
        if (there != null && there->Object->Region == region)
            return there->MaxProtection == wished ? Errno.Ok : Errno.EEXIST;
        var request = new MapRequest
        {
            Address = address,
            Length = status.SpanBytes,
            Protection = wished,
            MaxProtection = wished,
            Flags = MappingFlags.Shared | MappingFlags.Region,
            Placement = MapPlacement.FixedNoReplace,
            Object = region->Object,
        };
        return LinuxKernel.ErrorOf(kernel.Memory.Mappings.Map(space, request, out _));
    }

    // msnap_abort(md, flags)
    private static SystemCallResult Abort(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if ((arguments->UInt1 & ~RegionCalls.OfAllThreads) != 0)
            return Errno.EINVAL;
        if (HasAnswer(kernel, thread, isOnce: false, out _, out SystemCallResult answer))
            return answer;
        if (RegionCalls.RegionOf(kernel, thread, arguments->Arg0) == null)
            return Errno.EBADF;
        RegionRequest request = RequestOf(thread, RegionRequestKind.Abort);
        request.Number = arguments->Arg0;
        request.IsOfAll = arguments->UInt1 != 0;
        return Ask(kernel, thread, in request, out _);
    }

    // msnap_resize(md, length)
    private static SystemCallResult Resize(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg1 == 0 || arguments->Arg1 > VmObject.MaxPages << PageSize.Shift)
            return Errno.EINVAL;
        if (HasAnswer(kernel, thread, isOnce: false, out _, out SystemCallResult answer))
            return answer;
        if (RegionCalls.RegionOf(kernel, thread, arguments->Arg0) == null)
            return Errno.EBADF;
        if (!SlsCalls.MayAdminister(thread))
            return Errno.EPERM;
        RegionRequest request = RequestOf(thread, RegionRequestKind.Resize);
        request.Number = arguments->Arg0;
        request.Pages = PageSize.PagesFor(arguments->Arg1);
        return Ask(kernel, thread, in request, out _);
    }

    // msnap_delete(name)
    private static SystemCallResult Delete(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (HasAnswer(kernel, thread, isOnce: true, out _, out SystemCallResult answer))
            return answer;
        if (!SlsCalls.MayAdminister(thread))
            return Errno.EPERM;
        Span<byte> name = stackalloc byte[RegionRequest.MaxNameBytes];
        if (!ReadName(kernel, thread, arguments->Arg0, ref name, out answer))
            return answer;
        RegionRequest request = RequestOf(thread, RegionRequestKind.Delete);
        request.SetName(name);
        return Ask(kernel, thread, in request, out _);
    }

    // msnap_clone(name, epoch, target)
    private static SystemCallResult Clone(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (HasAnswer(kernel, thread, isOnce: true, out _, out SystemCallResult answer))
            return answer;
        if (!SlsCalls.MayAdminister(thread))
            return Errno.EPERM;
        Span<byte> name = stackalloc byte[RegionRequest.MaxNameBytes];
        Span<byte> target = stackalloc byte[RegionRequest.MaxNameBytes];
        if (!ReadName(kernel, thread, arguments->Arg0, ref name, out answer)
            || !ReadName(kernel, thread, arguments->Arg2, ref target, out answer))
            return answer;
        RegionRequest request = RequestOf(thread, RegionRequestKind.Clone);
        request.Epoch = arguments->Arg1;
        request.SetName(name);
        request.SetTarget(target);
        return Ask(kernel, thread, in request, out _);
    }

    // msnap_rollback(name, epoch)
    private static SystemCallResult Rollback(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (HasAnswer(kernel, thread, isOnce: true, out _, out SystemCallResult answer))
            return answer;
        if (!SlsCalls.MayAdminister(thread))
            return Errno.EPERM;
        return AskByName(kernel, thread, RegionRequestKind.Rollback, arguments);
    }

    private static SystemCallResult AskByName(
        LinuxKernel kernel, Thread* thread, RegionRequestKind kind, SystemCallArguments* arguments)
    {
        Span<byte> name = stackalloc byte[RegionRequest.MaxNameBytes];
        if (!ReadName(kernel, thread, arguments->Arg0, ref name, out SystemCallResult failure))
            return failure;
        RegionRequest request = RequestOf(thread, kind);
        request.Epoch = arguments->Arg1;
        request.SetName(name);
        return Ask(kernel, thread, in request, out _);
    }

    // msnap_history(name, after, epochs, count): how many of the states behind that one there was room for.
    private static SystemCallResult History(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Span<RegionEpoch> epochs = stackalloc RegionEpoch[RegionService.MostEpochs];
        Errno error = Errno.ESRCH;
        int count = 0;
        if (thread->Call.Phase == Asked)
            error = kernel.Regions.Answer(thread, thread->Call.Progress, out _, epochs, out count);
        if (error == Errno.ESRCH)
            return AskByName(kernel, thread, RegionRequestKind.History, arguments);
        if (error != Errno.Ok)
            return error == Errno.EAGAIN ? Await(kernel, thread) : error;
        count = (int)Math.Min((ulong)count, arguments->Arg3);
        AccessResult access = kernel.User.Write(
            thread->Process->AddressSpace, new VirtualAddress(arguments->Arg2), MemoryMarshal.AsBytes(epochs[..count]));
        return access.IsOk ? count : kernel.Stop(thread, in access);
    }

    // msnap_list(index, info, size): of the caller's regions, or of all.
    private static SystemCallResult List(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        SystemCallResult answer = 0L;
        if (arguments->Int0 == 0 && !HasAnswer(kernel, thread, isOnce: false, out _, out answer))
            answer = Ask(kernel, thread, RequestOf(thread, RegionRequestKind.List), out _);
        if (answer.Outcome != SystemCallOutcome.Done || answer.Value != 0)
            return answer;
        Span<byte> info = stackalloc byte[InfoSize];
        info.Clear();
        uint user = thread->Process->Credentials.EffectiveUid;
        if (arguments->Int0 < 0
            || !kernel.Regions.Read(arguments->Int0, user, SeesAll(thread), out RegionStatus status, info[NameOffset..], out _))
            return Errno.ENOENT;
        MemoryMarshal.Write(info, in status);
        int bytes = (int)Math.Min(arguments->Arg2, InfoSize);
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), info[..bytes]);
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }
}
