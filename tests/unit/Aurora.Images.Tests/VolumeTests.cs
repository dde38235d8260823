using System;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>Volumes of images: forked, sent to another image, received, removed.</summary>
public sealed class VolumeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-volumes").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_fork_is_sent_to_another_image_whole_and_then_what_differs()
    {
        string from = Create("from.img");
        string to = Create("to.img");
        ImageVolume fork = DiskImage.Fork(from, "1", "fork", null);
        Assert.Equal((2UL, "fork", 1UL), (fork.Number, fork.Name, fork.Parent));
        ulong first = DiskImage.History(from)[^1].Epoch;
        byte[] whole = Send(from, "1", null);
        Assert.Equal("copy", DiskImage.Receive(to, "copy", new MemoryStream(whole)).Name);
        DiskImage.Put(from, [Entry("second")]);
        byte[] difference = Send(from, "1", first.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(difference.Length < whole.Length / 2, $"{difference.Length} of {whole.Length}");
        Assert.Equal("newer", DiskImage.Receive(to, "newer", new MemoryStream(difference)).Name);
        Assert.Equal(["", "copy", "newer"], DiskImage.Volumes(to).Select(volume => volume.Name));

        // What was received can be sent on, and comes out as it went in but for the head.
        Assert.Equal(Send(from, "1", null).Length, Send(to, "newer", null).Length);
        Assert.True(Send(from, "fork", null).Length > 0);
        Assert.Empty(DiskImage.Check(from).Details);
        Assert.Empty(DiskImage.Check(to).Details);
    }

    [Fact]
    public void What_cannot_be_done_says_why()
    {
        string image = Create("image.img");
        DiskImage.Fork(image, "1", "a", null);
        RequireRefused("already", () => DiskImage.Fork(image, "1", "a", null));
        RequireRefused("no name for a volume", () => DiskImage.Fork(image, "1", "17", null));
        RequireRefused("no name for a volume", () => DiskImage.Fork(image, "1", new string('x', 65), null));
        RequireRefused("no volume b", () => DiskImage.Fork(image, "b", "c", null));
        RequireRefused("no checkpoint nothing", () => DiskImage.Fork(image, "1", "c", "nothing"));
        RequireRefused("cannot be removed", () => DiskImage.RemoveVolume(image, "1"));
        RequireRefused("nothing was received", () => DiskImage.Receive(image, "c", new MemoryStream(Encoding.UTF8.GetBytes("no stream"))));
        DiskImage.RemoveVolume(image, "a");
        Assert.Single(DiskImage.Volumes(image));
        Assert.Empty(DiskImage.Check(image).Details);
    }

    private static void RequireRefused(string reason, Action action)
        => Assert.Contains(reason, Assert.Throws<ImageException>(action).Message, StringComparison.Ordinal);

    private static byte[] Send(string image, string volume, string? since)
    {
        var stream = new MemoryStream();
        DiskImage.Send(image, volume, null, since, stream);
        return stream.ToArray();
    }

    private string Create(string name)
    {
        string image = Path.Combine(_folder, name);
        DiskImage.Create(image, 64L << 20, [Entry("first"), Entry("other")]);
        return image;
    }

    private static RootEntry Entry(string text)
    {
        byte[] contents = new byte[100_000];
        new Random(text.Length).NextBytes(contents);
        Encoding.UTF8.GetBytes(text).CopyTo(contents, 0);
        return new RootEntry { Path = "/" + text, Kind = RootEntryKind.File, Open = () => new MemoryStream(contents) };
    }
}
