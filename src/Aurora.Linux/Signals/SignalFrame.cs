// The structures a signal handler finds on its stack (arch/x86/include/uapi/asm/{sigcontext,ucontext,siginfo}.h):
//
//     fpstate     XSAVE image, 64-byte aligned, software fields at byte 464, closing magic behind it
//     siginfo     128 bytes
//     ucontext    304 bytes
//     restorer    8 bytes; RSP at the handler's entry, so that it looks called: 16 n + 8
using System.Runtime.InteropServices;

namespace Aurora.Linux.Signals;

/// <summary>stack_t.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UserStack
{
    public const int OnStack = 1;
    public const int Disabled = 2;
    public const uint AutoDisarm = 0x80000000;

    public ulong Pointer;
    public uint Flags;
    public uint Padding;
    public ulong Bytes;
}

/// <summary>struct sigcontext.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct UserSignalContext
{
    public ulong R8, R9, R10, R11, R12, R13, R14, R15;
    public ulong Rdi, Rsi, Rbp, Rbx, Rdx, Rax, Rcx, Rsp, Rip, Rflags;
    public ushort Cs, Gs, Fs, Ss;
    public ulong ErrorCode, Trap, OldMask, FaultAddress;
    public ulong FloatState;
    public fixed ulong Reserved[8];
}

/// <summary>struct ucontext.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UserSignalUcontext
{
    /// <summary>UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS.</summary>
    public const ulong AllFlags = 7;

    public ulong Flags;
    public ulong Link;
    public UserStack Stack;
    public UserSignalContext Context;
    public ulong Mask;
}

/// <summary>siginfo_t with its union as 64-bit words.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct UserSignalInfo
{
    public const int FieldBytes = 14 * sizeof(ulong);

    public int Number;
    public int Error;
    public int Code;
    public int Padding;
    public fixed ulong Fields[14];
}

/// <summary>struct rt_sigframe.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UserSignalFrame
{
    public ulong Restorer;
    public UserSignalUcontext Ucontext;
    public UserSignalInfo Info;
}

/// <summary>struct _fpx_sw_bytes: what the software bytes of an FXSAVE image say about the XSAVE image around it.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct FloatStateNote
{
    public const uint OpeningMagic = 0x46505853;
    public const uint ClosingMagic = 0x46505845;
    public const int Offset = 464;

    public uint Magic;

    /// <summary>The image and the closing magic, in bytes.</summary>
    public uint ExtendedBytes;
    public ulong Components;
    public uint ImageBytes;
    public fixed uint Padding[7];
}
