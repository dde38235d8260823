// The call chain of a failed kernel. Frames are unwound by the compiler's own frame descriptions, which the symbol table carries; assembly
// routines have none and are unwound by their RBP frames. Every word is checked to lie in kernel memory that is known to be mapped
// before it is read, so that a broken stack ends the trace and not the report.
using System;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Prints the call chain, innermost first.</summary>
internal static unsafe class StackTrace
{
    private const int MaxFrames = 40;

    public static void Report(CpuPosition position)
    {
        KernelImage* image = KernelImage.Current;
        var symbols = new SymbolTable(new ReadOnlySpan<byte>((void*)image->SymbolsStart, (int)(image->SymbolsEnd - image->SymbolsStart)));
        // The first address is where the code stopped; the others are return addresses, which may lie one past the calling function.
        ulong adjustment = 0;
        for (int depth = 0; depth < MaxFrames; depth++)
        {
            ReportFrame(symbols, position.Rip, adjustment);
            if (!Unwind(symbols, ref position, adjustment))
                return;
            adjustment = 1;
        }
        KernelPanic.Report("  at …"u8);
    }

    private static void ReportFrame(in SymbolTable symbols, ulong address, ulong adjustment)
    {
        Span<byte> buffer = stackalloc byte[256];
        var line = new Utf8Writer(buffer);
        line.Append("  at "u8);
        if (TryOffset(address - adjustment, out uint offset) && symbols.TryFindFunction(offset, out ReadOnlySpan<byte> name, out uint inFunction))
        {
            line.Append(name);
            line.Append(" + 0x"u8);
            line.AppendHex(inFunction + adjustment);
        }
        else
        {
            line.Append("unknown code"u8);
        }
        line.Append(" (0x"u8);
        line.AppendHex(address);
        line.Append((byte)')');
        KernelPanic.Report(line.Written);
    }

    private static bool Unwind(in SymbolTable symbols, ref CpuPosition position, ulong adjustment)
    {
        if (!TryOffset(position.Rip - adjustment, out uint offset))
            return false;
        UnwindRule rule = symbols.RuleAt(offset);
        if (!rule.IsKnown)
            return UnwindByFramePointer(ref position);
        ulong frameAddress = (rule.CfaFromRbp ? position.Rbp : position.Rsp) + rule.CfaOffset;
        if (frameAddress <= position.Rsp || !TryRead(frameAddress - 8, out ulong returnAddress))
            return false;
        if (rule.SavedRbpOffset != 0 && !TryRead(frameAddress - rule.SavedRbpOffset, out position.Rbp))
            return false;
        position.Rsp = frameAddress;
        position.Rip = returnAddress;
        return returnAddress != 0;
    }

    private static bool UnwindByFramePointer(ref CpuPosition position)
    {
        ulong frame = position.Rbp;
        if (frame < position.Rsp || !TryRead(frame, out ulong callerFrame) || !TryRead(frame + 8, out ulong returnAddress))
            return false;
        position = new CpuPosition { Rip = returnAddress, Rsp = frame + 16, Rbp = callerFrame };
        return returnAddress != 0;
    }

    private static bool TryOffset(ulong address, out uint offset)
    {
        KernelImage* image = KernelImage.Current;
        offset = (uint)(address - KernelLayout.ImageBase);
        return address >= image->TextStart && address < image->TextEnd;
    }

    private static bool TryRead(ulong address, out ulong value)
    {
        KernelImage* image = KernelImage.Current;
        bool isReadable = (address & 7) == 0
            && (KernelStacks.IsMapped(address) || (address >= image->ReadOnlyEnd && address < image->DataEnd));
        value = isReadable ? *(ulong*)address : 0;
        return isReadable;
    }
}
