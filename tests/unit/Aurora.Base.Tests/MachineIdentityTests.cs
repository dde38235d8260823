using System;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Aurora.Base.Tests;

public sealed class MachineIdentityTests
{
    /// <summary>One feature in each word that programs see.</summary>
    [Theory]
    [InlineData(0, 0u, "CPUID.1.ECX")]
    [InlineData(1, 23u, "CPUID.1.EDX")]
    [InlineData(2, 5u, "CPUID.7.EBX")]
    [InlineData(3, 8u, "CPUID.7.ECX")]
    [InlineData(4, 14u, "CPUID.7.EDX")]
    [InlineData(5, 1u, "CPUID.13.EAX")]
    [InlineData(6, 5u, "CPUID.80000001.ECX")]
    [InlineData(7, 29u, "CPUID.80000001.EDX")]
    [InlineData(8, 2u, "XCR0")]
    public void A_machine_that_lacks_a_feature_is_refused_by_name(int index, uint bit, string name)
    {
        MachineIdentity needed = default;
        MemoryMarshal.Cast<MachineIdentity, uint>(new Span<MachineIdentity>(ref needed))[index] = 1u << (int)bit;
        Assert.False(needed.IsSatisfiedBy(default, out ReadOnlySpan<byte> word, out int missing));
        Assert.Equal((name, (int)bit), (Encoding.ASCII.GetString(word), missing));
        Assert.True(needed.IsSatisfiedBy(in needed, out _, out _));
    }

    [Fact]
    public void What_only_the_kernel_uses_may_be_missing()
    {
        var ran = new MachineIdentity { Leaf1Ecx = 1u << 24, Leaf7Ebx = 1u << 7, Leaf13Eax = 1u << 3 };
        Assert.True(ran.IsSatisfiedBy(default, out _, out _));
    }
}
