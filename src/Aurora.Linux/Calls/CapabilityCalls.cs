// Capabilities as far as one privileged user goes: root has them all, nobody else has any, and they cannot be given away piecemeal.
using System.Runtime.InteropServices;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class CapabilityCalls
{
    private const uint Version1 = 0x19980330;
    private const uint Version2 = 0x20071026;
    private const uint Version3 = 0x20080522;

    // CAP_LAST_CAP is 40.
    private const uint AllLow = uint.MaxValue;
    private const uint AllHigh = 0x1FF;

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;
        public int Pid;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Sets
    {
        public uint Effective, Permitted, Inheritable;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BothSets
    {
        public Sets Low, High;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(125, &Get);
        table.Register(126, &Set);
    }

    private static bool ReadHeader(LinuxKernel kernel, Thread* thread, ulong address, out Header header, out SystemCallResult failure)
    {
        if (!kernel.Read(thread, address, out header, out failure))
            return false;
        if (header.Version is Version1 or Version2 or Version3)
            return true;
        header.Version = Version3;
        if (kernel.Write(thread, address, in header, out failure))
            failure = Errno.EINVAL;
        return false;
    }

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!ReadHeader(kernel, thread, arguments->Arg0, out Header header, out SystemCallResult failure))
            return arguments->Arg1 == 0 && failure.IsError ? 0 : failure;
        Process* process = header.Pid == 0 ? thread->Process : kernel.Processes.FindProcess(header.Pid);
        if (process == null)
            return Errno.ESRCH;
        bool isRoot = process->Credentials.IsRoot;
        var sets = new BothSets
        {
            Low = new Sets { Effective = isRoot ? AllLow : 0, Permitted = isRoot ? AllLow : 0 },
            High = new Sets { Effective = isRoot ? AllHigh : 0, Permitted = isRoot ? AllHigh : 0 },
        };
        if (header.Version == Version1)
            return kernel.WriteIfWanted(thread, arguments->Arg1, in sets.Low, out failure) ? 0 : failure;
        return kernel.WriteIfWanted(thread, arguments->Arg1, in sets, out failure) ? 0 : failure;
    }

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!ReadHeader(kernel, thread, arguments->Arg0, out Header header, out SystemCallResult failure))
            return failure;
        if (header.Pid != 0 && header.Pid != thread->Id)
            return Errno.EPERM;
        return thread->Process->Credentials.IsRoot ? 0 : Errno.EPERM;
    }
}
