// rt_sigreturn: the frame is a program's memory and may hold anything. Everything is read and checked first; only a frame that is good as a
// whole changes the thread. XRSTOR faults on reserved bits of MXCSR and of the XSAVE header (SDM vol. 1, 13.8), so those are refused here.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Signals;

/// <summary>Returns from a signal handler.</summary>
public static unsafe class SignalReturn
{
    private const int LegacyBytes = 512;
    private const int HeaderBytes = 64;
    private const int MxcsrOffset = 24;
    private const ulong LegacyComponents = 3;

    [SkipLocalsInit]
    public static SystemCallResult Call(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong address = thread->Context->Rsp;
        Span<byte> image = stackalloc byte[UserContext.ExtendedStateBytes];
        AccessResult access = kernel.User.Read(thread->Process->AddressSpace, new VirtualAddress(address), out UserSignalUcontext ucontext);
        bool hasImage = access.IsOk && ucontext.Context.FloatState != 0;
        bool isValid = access.IsOk;
        if (hasImage)
            access = ReadImage(kernel, thread, ucontext.Context.FloatState, image, out isValid);
        if (access.Status == MemoryStatus.WouldBlock)
            return kernel.Stop(thread, in access);
        if (!access.IsOk || !isValid || !SignalRegisters.Restore(thread->Context, in ucontext.Context))
        {
            kernel.Signals.Force(thread, SignalInfo.FromKernel(Signal.SIGSEGV));
            return SystemCallResult.NoReturn;
        }
        RestoreExtended(kernel, thread, hasImage, image[..kernel.Extended.ImageBytes]);
        kernel.Signals.SetMask(thread, new SignalSet(ucontext.Mask));
        if (SignalStackCall.IsAcceptable(in ucontext.Stack))
            SignalStackCall.Set(thread, in ucontext.Stack);
        return SystemCallResult.NoReturn;
    }

    private static void RestoreExtended(LinuxKernel kernel, Thread* thread, bool hasImage, ReadOnlySpan<byte> image)
    {
        if (!hasImage)
        {
            kernel.Extended.Reset(thread->Context);
            return;
        }
        image.CopyTo(new Span<byte>(thread->Context->ExtendedState, image.Length));
        kernel.Extended.Load(thread->Context);
    }

    // Fills as much of the image as the machine has.
    private static AccessResult ReadImage(LinuxKernel kernel, Thread* thread, ulong address, Span<byte> image, out bool isValid)
    {
        isValid = false;
        AddressSpace* space = thread->Process->AddressSpace;
        AccessResult access = kernel.User.Read(space, new VirtualAddress(address + FloatStateNote.Offset), out FloatStateNote note);
        if (!access.IsOk)
            return access;
        int bytes = kernel.Extended.ImageBytes;
        bool isExtended = note.Magic == FloatStateNote.OpeningMagic && note.ImageBytes == (uint)bytes
            && note.ExtendedBytes == note.ImageBytes + sizeof(uint);
        int wanted = isExtended ? bytes + sizeof(uint) : LegacyBytes;
        access = kernel.User.Read(space, new VirtualAddress(address), image[..wanted]);
        if (!access.IsOk)
            return access;
        fixed (byte* start = image)
        {
            if ((*(uint*)(start + MxcsrOffset) & ~kernel.Extended.MxcsrMask) != 0)
                return access;
            isExtended = isExtended && *(uint*)(start + bytes) == FloatStateNote.ClosingMagic;
        }
        isValid = isExtended ? HasValidHeader(kernel, image) : UseLegacyOnly(image[..bytes]);
        // The software bytes are not the processor's.
        image[FloatStateNote.Offset..LegacyBytes].Clear();
        return access;
    }

    private static bool HasValidHeader(LinuxKernel kernel, Span<byte> image)
    {
        fixed (byte* start = image)
        {
            ulong* header = (ulong*)(start + LegacyBytes);
            if ((header[0] & ~kernel.Extended.ComponentMask) != 0)
                return false;
            for (int i = 1; i < HeaderBytes / 8; i++)
                if (header[i] != 0)
                    return false;
            return true;
        }
    }

    // An old-style frame: x87 and SSE from it, the rest in its initial state.
    private static bool UseLegacyOnly(Span<byte> image)
    {
        image[LegacyBytes..].Clear();
        fixed (byte* start = image)
            *(ulong*)(start + LegacyBytes) = LegacyComponents;
        return true;
    }
}
