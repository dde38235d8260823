// process_vm_readv and process_vm_writev: bytes between the caller's memory and that of a process it may look into. They go in steps of
// so many bytes and pieces (Progress is how many bytes have been copied); the vectors are read once in each. What fails after something has
// been copied ends the call with what was.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class ProcessMemoryCalls
{
    private const ulong MaxVectors = 1024;
    private const ulong StepBytes = 64 * 1024;
    private const int ChunkBytes = 2048;
    private const int ChunksPerStep = 256;

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public ulong Address, Bytes;
    }

    /// <summary>A place in a list of vectors.</summary>
    private struct Place
    {
        public ulong Index, BytesBefore;
        public ulong Address, Bytes;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(310, &Read);
        table.Register(311, &Write);
    }

    private static SystemCallResult Read(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Transfer(kernel, thread, arguments, writes: false);

    private static SystemCallResult Write(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Transfer(kernel, thread, arguments, writes: true);

    private static SystemCallResult Transfer(LinuxKernel kernel, Thread* thread, SystemCallArguments* a, bool writes)
    {
        if (a->Arg5 != 0 || a->Arg2 > MaxVectors || a->Arg4 > MaxVectors)
            return Errno.EINVAL;
        ref ulong done = ref thread->Call.Progress;
        Place local = default;
        Place remote = default;
        ulong end = done + StepBytes;
        for (int left = ChunksPerStep; done < end && left > 0; left--)
        {
            if (!Find(kernel, thread, a->Arg1, a->Arg2, done, ref local, out SystemCallResult failure))
                return End(thread, failure);
            if (local.Bytes == 0)
                return (long)done;
            if (!Find(kernel, thread, a->Arg3, a->Arg4, done, ref remote, out failure))
                return End(thread, failure);
            if (remote.Bytes == 0)
                return (long)done;
            Process* target = kernel.FindProcess(thread, a->Int0);
            if (target == null || target->AddressSpace == null)
                return End(thread, Errno.ESRCH);
            if (!ProcessAccess.MayInspect(thread->Process, ref thread->Process->Credentials, target, usesRealIds: true))
                return End(thread, Errno.EPERM);
            int count = (int)Math.Min(ChunkBytes, Math.Min(local.Bytes, remote.Bytes));
            AddressSpace* from = writes ? thread->Process->AddressSpace : target->AddressSpace;
            AddressSpace* to = writes ? target->AddressSpace : thread->Process->AddressSpace;
            AccessResult access = Copy(
                kernel, from, writes ? local.Address : remote.Address, to, writes ? remote.Address : local.Address, count, out int copied);
            done += (ulong)copied;
            if (!access.IsOk)
                return End(thread, kernel.Stop(thread, in access));
        }
        return SystemCallResult.Again;
    }

    // A wait for a page goes on with what has been copied; anything else ends the call.
    private static SystemCallResult End(Thread* thread, SystemCallResult failure)
        => failure.IsError && thread->Call.Progress != 0 ? (long)thread->Call.Progress : failure;

    private static AccessResult Copy(
        LinuxKernel kernel, AddressSpace* from, ulong source, AddressSpace* to, ulong destination, int count, out int copied)
    {
        Span<byte> chunk = stackalloc byte[ChunkBytes];
        chunk = chunk[..count];
        copied = 0;
        AccessResult read = kernel.User.Read(from, new VirtualAddress(source), chunk);
        if (!read.IsOk && (read.Status == MemoryStatus.WouldBlock || read.Bytes == 0))
            return read;
        AccessResult written = kernel.User.Write(to, new VirtualAddress(destination), chunk[..(read.IsOk ? count : (int)read.Bytes)]);
        copied = written.IsOk ? (read.IsOk ? count : (int)read.Bytes) : (int)written.Bytes;
        return written.IsOk ? read : written;
    }

    // Where in the vectors a position is, from a place before it on; no bytes at their end.
    private static bool Find(
        LinuxKernel kernel, Thread* thread, ulong vectors, ulong count, ulong position, ref Place place, out SystemCallResult failure)
    {
        place.Bytes = 0;
        failure = default;
        for (; place.Index < count; place.Index++)
        {
            if (!kernel.Read(thread, vectors + (place.Index * (ulong)sizeof(Vector)), out Vector vector, out failure))
                return false;
            if (vector.Bytes > long.MaxValue)
            {
                failure = Errno.EINVAL;
                return false;
            }
            ulong within = position - place.BytesBefore;
            if (within < vector.Bytes)
            {
                place.Address = vector.Address + within;
                place.Bytes = vector.Bytes - within;
                return true;
            }
            place.BytesBefore += vector.Bytes;
        }
        return true;
    }
}
