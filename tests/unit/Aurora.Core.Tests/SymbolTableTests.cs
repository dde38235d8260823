using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Aurora.Build;
using Aurora.Core;
using Xunit;

namespace Aurora.Core.Tests;

public sealed class SymbolTableTests
{
    [Fact]
    public void A_function_is_found_by_every_address_inside_it()
    {
        var table = new SymbolTable(TwoFunctions());
        Assert.False(table.TryFindFunction(0xFFF, out _, out _));
        Assert.True(table.TryFindFunction(0x1000, out ReadOnlySpan<byte> name, out uint offset));
        Assert.Equal("First.Method", Encoding.UTF8.GetString(name));
        Assert.Equal(0u, offset);
        Assert.True(table.TryFindFunction(0x1FFF, out name, out offset));
        Assert.Equal("First.Method", Encoding.UTF8.GetString(name));
        Assert.Equal(0xFFFu, offset);
        Assert.True(table.TryFindFunction(0x2004, out name, out _));
        Assert.Equal("Second", Encoding.UTF8.GetString(name));
    }

    [Fact]
    public void Unwind_rules_hold_until_the_next_one()
    {
        var table = new SymbolTable(TwoFunctions());
        Assert.False(table.RuleAt(0x800).IsKnown);
        UnwindRule rule = table.RuleAt(0x1002);
        Assert.True(rule.IsKnown && !rule.CfaFromRbp);
        Assert.Equal(16u, rule.CfaOffset);
        Assert.Equal(16u, rule.SavedRbpOffset);
        rule = table.RuleAt(0x1800);
        Assert.True(rule.CfaFromRbp);
        Assert.False(table.RuleAt(0x2000).IsKnown);
    }

    [Fact]
    public void Truncated_and_foreign_tables_find_nothing()
    {
        byte[] whole = TwoFunctions();
        for (int length = 0; length < whole.Length; length++)
        {
            var table = new SymbolTable(whole.AsSpan(0, length));
            table.TryFindFunction(0x2004, out _, out _);
            table.RuleAt(0x1800);
        }
        whole[0]++;
        Assert.False(new SymbolTable(whole).TryFindFunction(0x1000, out _, out _));
    }

    [Fact]
    public void Frame_descriptions_become_rows()
    {
        // One common entry ("zR", code factor 1, data factor -8) and one function of 32 bytes: push rbp; mov rbp, rsp.
        byte[] common = [0, 0, 0, 0, 1, (byte)'z', (byte)'R', 0, 1, 0x78, 16, 1, 0x1B, 0x0C, 7, 8, 0x90, 1];
        byte[] function = [0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0x41, 0x0E, 16, 0x86, 2, 0x43, 0x0D, 6];
        var section = new MemoryStream();
        section.Write(BitConverter.GetBytes(common.Length));
        section.Write(common);
        long entry = section.Position;
        BitConverter.GetBytes((int)(entry + 4)).CopyTo(function, 0);
        BitConverter.GetBytes((int)(0x5000 - (entry + 8))).CopyTo(function, 4);
        section.Write(BitConverter.GetBytes(function.Length));
        section.Write(function);
        List<UnwindRow> rows = UnwindRows.Read(section.ToArray(), 0);
        Assert.Equal(
            [
                new UnwindRow(0x5000, 8, false, 0, true),
                new UnwindRow(0x5001, 16, false, 16, true),
                new UnwindRow(0x5004, 16, true, 16, true),
                new UnwindRow(0x5020, 0, false, 0, false),
            ],
            rows);
    }

    [Theory]
    [InlineData("Aurora_Core_Aurora_Core_SymbolTable__TryFindFunction", "Aurora.Core.SymbolTable.TryFindFunction")]
    [InlineData("Aurora_Core_Aurora_Core_Cpu__Identify_0", "Aurora.Core.Cpu.Identify")]
    [InlineData("Aurora_Core_Aurora_Core_BuddyAllocator___ctor", "Aurora.Core.BuddyAllocator..ctor")]
    [InlineData("interrupt_common", "interrupt_common")]
    public void Symbols_turn_back_into_method_names(string symbol, string expected)
        => Assert.Equal(expected, new MethodNames([typeof(SymbolTable).Assembly.Location]).Demangle(symbol));

    private static byte[] TwoFunctions()
    {
        var output = new MemoryStream();
        using var writer = new BinaryWriter(output);
        writer.Write(SymbolTableBuilder.Magic);
        writer.Write(2);
        writer.Write(3);
        writer.Write(0);
        writer.Write(0x1000);
        writer.Write(0);
        writer.Write(0x2000);
        writer.Write(13);
        WriteRow(writer, 0x1000, 2, 2, 1);
        WriteRow(writer, 0x1400, 2, 2, 2);
        WriteRow(writer, 0x2000, 0, 0, 0);
        writer.Write("First.Method");
        writer.Write("Second");
        return output.ToArray();
    }

    private static void WriteRow(BinaryWriter writer, uint address, ushort words, byte savedWords, byte kind)
    {
        writer.Write(address);
        writer.Write(words);
        writer.Write(savedWords);
        writer.Write(kind);
    }
}
