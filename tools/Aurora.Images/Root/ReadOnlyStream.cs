using System;
using System.IO;

namespace Aurora.Images.Root;

/// <summary>
/// A stream that is only read: who asks for more in spite of <see cref="CanWrite"/> is told so, as Stream's contract has it.
/// </summary>
internal abstract class ReadOnlyStream : Stream
{
    private const string Refusal = "what is read of an archive cannot be written";

    public sealed override bool CanRead => true;
    public sealed override bool CanWrite => false;

    public sealed override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public abstract override int Read(Span<byte> buffer);

    public sealed override void Flush()
    {
    }

    public sealed override void SetLength(long value) => throw new NotSupportedException(Refusal);

    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException(Refusal);
}
