// The documents around the layers: which image is meant, and whether it is what it says.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Images.Oci;
using Aurora.Images.Root;
using Xunit;
using static Aurora.Images.Tests.Oci.SavedImage;

namespace Aurora.Images.Tests.Oci;

public sealed class OciImageTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("aurora-test-").FullName;
    private readonly SavedImage _image;

    public OciImageTests() => _image = new SavedImage(Path.Combine(_folder, "image"));

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData((int)LayerForm.Plain)]
    [InlineData((int)LayerForm.Gzip)]
    [InlineData((int)LayerForm.Zstandard)]
    public void A_layout_is_read_as_a_folder_and_as_an_archive(int form)
    {
        _image.Write([Layer(Plain("a", "text")), Layer(Plain("b", "more"))], form: (LayerForm)form);
        string archive = Path.Combine(_folder, "image.tar");
        TarFile.CreateFromDirectory(_image.Folder, archive, includeBaseDirectory: false);
        File.WriteAllBytes(archive + ".gz", Packed(File.ReadAllBytes(archive), LayerForm.Gzip));
        foreach (string place in (string[])[_image.Folder, archive, archive + ".gz"])
            Assert.Equal(["/a text", "/b more"], Show(place));
    }

    [Fact]
    public void What_docker_save_made_is_read_with_layers_that_are_links()
    {
        byte[] layer = Layer(Plain("a", "text"));
        byte[] next = Layer(Plain(".wh.a", ""), Plain("b", "b"));
        string archive = _image.WriteDockerArchive([layer, next, layer], new { Cmd = new[] { "sh" } });
        Assert.Equal(["/a text", "/b b"], Show(archive));
        Assert.Equal(["/a text", "/b b"], Show(archive + ":test:1"));
        Assert.Contains("test:1", Refusal(archive + ":other"), StringComparison.Ordinal);
        using OciImage image = OciImage.Open(archive);
        Assert.Equal(["sh"], image.Config.Command);
    }

    [Fact]
    public void The_config_says_how_it_is_run()
    {
        _image.Write([Layer(Plain("a", ""))], new
        {
            Entrypoint = new[] { "/entry", "-x" },
            Cmd = new[] { "go" },
            Env = new[] { "A=1", "B=" },
            User = "web:www",
            WorkingDir = "/srv",
        });
        using OciImage image = OciImage.Open(_image.Folder);
        Assert.Equal(["/entry", "-x", "go"], image.Config.ArgumentsFor([]));
        Assert.Equal(["/entry", "-x", "stop", "now"], image.Config.ArgumentsFor(["stop", "now"]));
        Assert.Equal(["A=1", "B="], image.Config.Environment);
        Assert.Equal(("web:www", "/srv"), (image.Config.User, image.Config.WorkingDirectory));
    }

    [Fact]
    public void Of_an_index_within_an_index_the_image_for_this_machine_is_taken()
    {
        object arm = _image.WriteManifest([Layer(Plain("arm", "x"))], null, LayerForm.Plain, "arm64", out _);
        object ours = _image.WriteManifest([Layer(Plain("amd", "x"))], null, LayerForm.Gzip, "amd64", out _);
        _image.WriteIndex([_image.WriteNested(_image.WriteNested(arm, ours), arm)]);
        Assert.Equal(["/amd x"], Show(_image.Folder));
        _image.WriteIndex([arm]);
        Assert.Contains("none for linux/amd64", Refusal(_image.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_images_one_is_named()
    {
        object one = _image.WriteManifest([Layer(Plain("one", "1"))], null, LayerForm.Plain, "amd64", out _, "app:1");
        object two = _image.WriteManifest([Layer(Plain("two", "2"))], null, LayerForm.Plain, "amd64", out _, "app:2");
        _image.WriteIndex([one, two]);
        Assert.Equal(["/two 2"], Show(_image.Folder + ":app:2"));
        Assert.Contains("app:1, app:2", Refusal(_image.Folder), StringComparison.Ordinal);
        Assert.Contains("no image app:3, but app:1, app:2", Refusal(_image.Folder + ":app:3"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((int)LayerForm.Plain)]
    [InlineData((int)LayerForm.Gzip)]
    [InlineData((int)LayerForm.Zstandard)]
    public void A_layer_with_another_digest_is_refused_by_it_before_anything_is_given_out(int form)
    {
        string digest = _image.Write([Layer(Plain("a", "text")), Layer(Plain("b", new string('x', 5000)))], form: (LayerForm)form)[1];
        byte[] blob = File.ReadAllBytes(_image.PathOf(digest));
        for (int at = 0; at < blob.Length; at += Math.Max(1, blob.Length / 40))
        {
            blob[at] ^= 0x20;
            File.WriteAllBytes(_image.PathOf(digest), blob);
            Assert.Contains(digest, Refusal(_image.Folder), StringComparison.Ordinal);
            blob[at] ^= 0x20;
        }
        File.WriteAllBytes(_image.PathOf(digest), blob[..^1]);
        Assert.Contains($"{blob.Length - 1} bytes, not {blob.Length}", Refusal(_image.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_and_a_manifest_with_other_digests_are_refused_by_them()
    {
        _image.Write([Layer(Plain("a", "text"))]);
        foreach (string blob in System.IO.Directory.EnumerateFiles(Path.Combine(_image.Folder, "blobs/sha256")))
        {
            byte[] good = File.ReadAllBytes(blob);
            File.WriteAllBytes(blob, [.. good, (byte)' ']);
            Assert.Contains(Path.GetFileName(blob), Refusal(_image.Folder), StringComparison.Ordinal);
            File.Delete(blob);
            Assert.Contains(Path.GetFileName(blob), Refusal(_image.Folder), StringComparison.Ordinal);
            File.WriteAllBytes(blob, good);
        }
        Assert.Equal(["/a text"], Show(_image.Folder));
    }

    [Fact]
    public void A_layer_of_docker_save_with_other_contents_is_refused()
    {
        string archive = _image.WriteDockerArchive([Layer(Plain("a", "text"))]);
        byte[] bytes = File.ReadAllBytes(archive);
        int text = bytes.AsSpan().IndexOf("text"u8);
        bytes[text] ^= 1;
        File.WriteAllBytes(archive, bytes);
        Assert.Contains("digest", Refusal(archive), StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_unpacks_to_more_than_it_may_is_refused()
    {
        byte[] layer = Layer(Plain("zeroes", new string('\0', 1 << 20)));
        string digest = _image.Write([layer], form: LayerForm.Gzip)[0];
        using OciFiles files = OciFiles.Open(_image.Folder, _folder);
        var blob = new OciLayer(files, OciDigest.Parse(digest).Place, OciDigest.Parse(digest), null, OciDigest.Parse(DigestOf(layer)));
        Assert.Equal("/zeroes", Assert.Single(blob.ReadChecked(new LayerBudget())).Path);
        Assert.Contains("more than", RefusalOf(blob, new LayerBudget(100_000)), StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_are_bounded_together()
    {
        byte[] layer = Layer(Plain("zeroes", new string('\0', 1 << 20)));
        string digest = _image.Write([layer], form: LayerForm.Gzip)[0];
        using OciFiles files = OciFiles.Open(_image.Folder, _folder);
        var blob = new OciLayer(files, OciDigest.Parse(digest).Place, OciDigest.Parse(digest), null, OciDigest.Parse(DigestOf(layer)));
        var budget = new LayerBudget(3 << 20);
        blob.ReadChecked(budget);
        blob.ReadChecked(budget);
        Assert.Contains("more than", RefusalOf(blob, budget), StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_is_another_when_it_is_read_again_is_refused()
    {
        byte[] layer = Layer(Plain("a", "text"));
        string digest = _image.Write([layer])[0];
        using OciImage image = OciImage.Open(_image.Folder);
        IEnumerable<RootEntry> entries = image.Read();
        int text = layer.AsSpan().IndexOf("text"u8);
        layer[text] ^= 1;
        File.WriteAllBytes(_image.PathOf(digest), layer);
        Assert.Contains("digest", Assert.Throws<ImageException>(() => entries.Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_archive_leaves_nothing_of_what_was_unpacked()
    {
        _image.Write([Layer(Plain("a", "text"))]);
        string archive = Path.Combine(_folder, "image.tar");
        string work = Path.Combine(_folder, "work");
        TarFile.CreateFromDirectory(_image.Folder, archive, includeBaseDirectory: false);
        byte[] packed = Packed(File.ReadAllBytes(archive), LayerForm.Gzip);
        File.WriteAllBytes(archive, packed);
        using (OciImage image = OciImage.Open(archive, work))
        {
            Assert.Empty(System.IO.Directory.EnumerateFiles(work));
            Assert.Equal(["/", "/a"], image.Read().Select(entry => entry.Path));
        }
        File.WriteAllBytes(archive, packed[..^30]);
        Assert.Contains(archive, Assert.Throws<ImageException>(() => OciImage.Open(archive, work)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(archive, Packed(Layer(Plain("../x", "")), LayerForm.Gzip));
        Assert.Contains("climbs", Assert.Throws<ImageException>(() => OciImage.Open(archive, work)).Message, StringComparison.Ordinal);
        Assert.Empty(System.IO.Directory.EnumerateFiles(work));
    }

    [Theory]
    [InlineData("sha256:../../../etc/passwd")]
    [InlineData("sha256:00")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("sha256")]
    [InlineData("")]
    public void A_digest_that_is_none_is_refused(string digest) => Assert.Throws<ImageException>(() => OciDigest.Parse(digest));

    [Theory]
    [InlineData("index.json", "[]")]
    [InlineData("index.json", "{\"manifests\":{}}")]
    [InlineData("index.json", "{\"manifests\":[1]}")]
    [InlineData("index.json", "{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":7}]}")]
    [InlineData("index.json", "{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"\\ud800\"}]}")]
    [InlineData("index.json", "{\"\\ud800xxxxxxxxxxxx\":0}")]
    [InlineData("index.json", "{")]
    [InlineData("index.json", "{}")]
    [InlineData("oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}")]
    public void A_document_of_another_form_is_refused_by_its_place(string name, string text)
    {
        _image.Write([Layer(Plain("a", "text"))]);
        File.WriteAllText(Path.Combine(_image.Folder, name), text);
        Assert.Contains(_image.Folder, Refusal(_image.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_damaged_an_archive_of_an_image_is_read_or_refused()
    {
        byte[] layer = Layer(Plain("a", "text"));
        byte[] good = File.ReadAllBytes(_image.WriteDockerArchive([layer, layer]));
        var random = new Random(20_261_130);
        string path = Path.Combine(_folder, "bad.tar");
        for (int round = 0; round < 1_000; round++)
        {
            byte[] bad = (byte[])good.Clone();
            for (int change = random.Next(1, 4); change > 0; change--)
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, bad);
            try
            {
                Show(path);
            }
            catch (ImageException)
            {
            }
        }
    }

    [Fact]
    public void Names_of_the_image_lead_nowhere_else()
    {
        System.IO.Directory.CreateDirectory(_image.Folder);
        File.WriteAllText(Path.Combine(_image.Folder, "manifest.json"), """[{"Config":"../../etc/hostname","Layers":[]}]""");
        Assert.Contains("outside", Refusal(_image.Folder), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder, "plain"), "text");
        Assert.Contains(Path.Combine(_folder, "plain"), Refusal(Path.Combine(_folder, "plain")), StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(_folder, "empty.tar"), new byte[1024]);
        Assert.Contains("is no saved image", Refusal(Path.Combine(_folder, "empty.tar")), StringComparison.Ordinal);
        Assert.Contains("no folder or archive", Refusal(Path.Combine(_folder, "nothing:x")), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_becomes_a_disk()
    {
        _image.Write([Layer(Plain("a", "text", owner: 7), HardLink("z", "a")), Layer(Plain(".wh.a", ""), HardLink("b", "z"))]);
        string disk = Path.Combine(_folder, "disk.img");
        using (OciImage image = OciImage.Open(_image.Folder))
            DiskImage.Create(disk, DiskImage.MinimumBytes, image.Read());
        Dictionary<string, ImageEntry> entries = DiskImage.List(disk, "/", recursive: true).ToDictionary(entry => entry.Path);
        Assert.Equal((2u, 7u, 4ul), (entries["/z"].Links, entries["/z"].UserId, entries["/b"].Size));
        var text = new MemoryStream();
        DiskImage.Cat(disk, "/b", text);
        Assert.Equal("text", Encoding.UTF8.GetString(text.ToArray()));
    }

    private static string RefusalOf(OciLayer layer, LayerBudget budget)
        => Assert.Throws<ImageException>(() => layer.ReadChecked(budget)).Message;

    private static string Refusal(string place) => Assert.Throws<ImageException>(() => Show(place)).Message;
}
