using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Signals;

/// <summary>The disposition of one signal, as rt_sigaction has it (32 bytes).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SignalAction
{
    /// <summary>0 default, 1 ignore, else the handler's address.</summary>
    public ulong Handler;
    public ulong Flags;
    public ulong Restorer;
    public ulong Mask;

    public const ulong Default = 0;
    public const ulong Ignore = 1;

    public const ulong NoChildStop = 1;
    public const ulong NoChildWait = 2;
    public const ulong SigInfo = 4;
    public const ulong OnStack = 0x08000000;
    public const ulong Restart = 0x10000000;
    public const ulong NoDefer = 0x40000000;
    public const ulong ResetHandler = 0x80000000;
    public const ulong HasRestorer = 0x04000000;

    /// <summary>SA_EXPOSE_TAGBITS: addresses have no tags.</summary>
    public const ulong ExposeTagBits = 0x800;
    public const ulong KnownFlags
        = NoChildStop | NoChildWait | SigInfo | OnStack | Restart | NoDefer | ResetHandler | HasRestorer | ExposeTagBits;
}

/// <summary>A table of dispositions; shared by the threads of a process and by CLONE_SIGHAND.</summary>
public unsafe struct SignalActions
{
    public ObjectHeader Header;
    public fixed byte Storage[64 * 32];

    /// <summary>The action of a signal 1 to 64; table points to this structure in its slab.</summary>
    public static SignalAction* Of(SignalActions* table, Signal signal) => (SignalAction*)table->Storage + ((int)signal - 1);
}
