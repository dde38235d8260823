using System;
using System.Text;
using Xunit;

namespace Aurora.Base.Tests;

public sealed class Base64TextTests
{
    [Fact]
    public void Text_is_what_the_library_writes_and_reads_back()
    {
        byte[] bytes = new byte[300];
        new Random(3).NextBytes(bytes);
        Span<byte> buffer = stackalloc byte[500];
        byte[] back = new byte[300];
        for (int length = 0; length <= bytes.Length; length++)
        {
            var writer = new Utf8Writer(buffer);
            Base64Text.Append(ref writer, bytes.AsSpan(0, length));
            Assert.Equal(Convert.ToBase64String(bytes, 0, length), Encoding.ASCII.GetString(writer.Written));
            Assert.Equal(Base64Text.LengthOf(length), writer.Length);
            Assert.True(Base64Text.TryRead(writer.Written, back.AsSpan(0, length), out int read));
            Assert.Equal(bytes.AsSpan(0, length), back.AsSpan(0, read));
            Assert.True(length == 0 || !Base64Text.TryRead(writer.Written, back.AsSpan(0, length - 1), out _));
        }
    }

    [Theory]
    [InlineData("A")]
    [InlineData("AAAAA")]
    [InlineData("A===")]
    [InlineData("====")]
    [InlineData("AA=A")]
    [InlineData("AB==")]
    [InlineData("AAB=")]
    [InlineData("AA==AAAA")]
    [InlineData("A-AA")]
    [InlineData("AA A")]
    [InlineData("AA\nA")]
    public void What_is_no_text_is_not_read(string text)
        => Assert.False(Base64Text.TryRead(Encoding.ASCII.GetBytes(text), new byte[100], out _));
}
