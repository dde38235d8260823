using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Core;
using Xunit;

namespace Aurora.Core.Tests;

/// <summary>Assembly and C# must agree on every offset: layout.inc is read and compared.</summary>
public sealed unsafe class LayoutTests
{
    private static readonly Dictionary<string, ulong> s_constants = ReadConstants();

    [Theory]
    [InlineData("USER_R15", nameof(UserContext.R15))]
    [InlineData("USER_R14", nameof(UserContext.R14))]
    [InlineData("USER_R13", nameof(UserContext.R13))]
    [InlineData("USER_R12", nameof(UserContext.R12))]
    [InlineData("USER_RBP", nameof(UserContext.Rbp))]
    [InlineData("USER_RBX", nameof(UserContext.Rbx))]
    [InlineData("USER_R11", nameof(UserContext.R11))]
    [InlineData("USER_R10", nameof(UserContext.R10))]
    [InlineData("USER_R9", nameof(UserContext.R9))]
    [InlineData("USER_R8", nameof(UserContext.R8))]
    [InlineData("USER_RAX", nameof(UserContext.Rax))]
    [InlineData("USER_RCX", nameof(UserContext.Rcx))]
    [InlineData("USER_RDX", nameof(UserContext.Rdx))]
    [InlineData("USER_RSI", nameof(UserContext.Rsi))]
    [InlineData("USER_RDI", nameof(UserContext.Rdi))]
    [InlineData("USER_ORIGINAL_RAX", nameof(UserContext.OriginalRax))]
    [InlineData("USER_RIP", nameof(UserContext.Rip))]
    [InlineData("USER_CS", nameof(UserContext.Cs))]
    [InlineData("USER_RFLAGS", nameof(UserContext.Rflags))]
    [InlineData("USER_RSP", nameof(UserContext.Rsp))]
    [InlineData("USER_SS", nameof(UserContext.Ss))]
    [InlineData("USER_FS_BASE", nameof(UserContext.FsBase))]
    [InlineData("USER_GS_BASE", nameof(UserContext.GsBase))]
    [InlineData("USER_TRAP", nameof(UserContext.Trap))]
    [InlineData("USER_ERROR", nameof(UserContext.ErrorCode))]
    [InlineData("USER_FAULT_ADDRESS", nameof(UserContext.FaultAddress))]
    [InlineData("USER_ROOT", nameof(UserContext.PageTableRoot))]
    [InlineData("USER_EXTENDED", nameof(UserContext.ExtendedState))]
    [InlineData("USER_MXCSR", nameof(UserContext.Mxcsr))]
    [InlineData("USER_ENTERED_TICKS", nameof(UserContext.EnteredTicks))]
    [InlineData("USER_TRAPPED_TICKS", nameof(UserContext.TrappedTicks))]
    [InlineData("USER_XMM", nameof(UserContext.Xmm))]
    public void User_context_offsets_match_the_assembly(string constant, string field)
        => Assert.Equal(s_constants[constant], (ulong)Marshal.OffsetOf<UserContext>(field));

    [Theory]
    [InlineData("CPU_SELF", nameof(PerCpu.Self))]
    [InlineData("CPU_CONTEXT", nameof(PerCpu.Context))]
    [InlineData("CPU_RUN_STACK", nameof(PerCpu.RunStack))]
    [InlineData("CPU_SCRATCH", nameof(PerCpu.Scratch))]
    [InlineData("CPU_ROOT", nameof(PerCpu.Root))]
    [InlineData("CPU_FS_BASE", nameof(PerCpu.FsBase))]
    [InlineData("CPU_GS_BASE", nameof(PerCpu.GsBase))]
    [InlineData("CPU_HAS_SMAP", nameof(PerCpu.HasSmap))]
    [InlineData("CPU_INTERRUPT_ARRIVED", nameof(PerCpu.InterruptArrived))]
    [InlineData("CPU_BASES_OF", nameof(PerCpu.BasesOf))]
    public void Per_cpu_offsets_match_the_assembly(string constant, string field)
        => Assert.Equal(s_constants[constant], (ulong)Marshal.OffsetOf<PerCpu>(field));

    [Fact]
    public void Per_cpu_block_is_a_page_with_the_task_state_where_the_entry_code_writes_its_stack()
    {
        Assert.Equal(PageSize.Bytes, sizeof(PerCpu));
        Assert.Equal(104, sizeof(TaskState));
        PerCpu block = default;
        Assert.Equal(s_constants["CPU_TSS_RSP0"], (ulong)((byte*)block.Task.Rsp - (byte*)&block));
    }

    [Fact]
    public void Xmm_registers_are_aligned_in_an_aligned_context()
        => Assert.Equal(0, (int)Marshal.OffsetOf<UserContext>(nameof(UserContext.Xmm)) % 16);

    [Fact]
    public void Interrupt_frame_is_what_the_entry_code_pushes()
    {
        const int words = 15 + 7;
        Assert.Equal(16 + 256 + (words * 8), sizeof(InterruptFrame));
        Assert.Equal(16, (int)Marshal.OffsetOf<InterruptFrame>(nameof(InterruptFrame.Xmm)));
        Assert.Equal(16 + 256 + (15 * 8), (int)Marshal.OffsetOf<InterruptFrame>(nameof(InterruptFrame.Vector)));
    }

    [Fact]
    public void Selectors_and_vectors_match_the_assembly()
    {
        Assert.Equal(DescriptorTables.KernelCode, s_constants["KERNEL_CODE"]);
        Assert.Equal(DescriptorTables.KernelData, s_constants["KERNEL_DATA"]);
        Assert.Equal(DescriptorTables.UserCode, s_constants["USER_CODE"]);
        Assert.Equal(DescriptorTables.UserData, s_constants["USER_DATA"]);
        Assert.Equal(UserContext.SystemCallTrap, s_constants["SYSTEM_CALL_TRAP"]);
        Assert.Equal(UserMode.NotEntered, s_constants["NOT_ENTERED_TRAP"]);
        Assert.Equal(KernelLayout.DirectMap >> 39 & 511, s_constants["DIRECT_MAP_SLOT"]);
    }

    private static Dictionary<string, ulong> ReadConstants([CallerFilePath] string source = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));
        var constants = new Dictionary<string, ulong>();
        foreach (string line in File.ReadLines(Path.Combine(root, "kernel/Aurora.Core/Assembly/layout.inc")))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words is not ["%define", var name, var value, ..])
                continue;
            bool isHex = value.StartsWith("0x", StringComparison.Ordinal);
            if (ulong.TryParse(isHex ? value[2..] : value, isHex ? System.Globalization.NumberStyles.HexNumber : 0, null, out ulong number))
                constants[name] = number;
        }
        return constants;
    }
}
