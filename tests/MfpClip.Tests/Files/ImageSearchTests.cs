using MfpClip.ImageSharp;
using MfpClip.Imaging;

namespace MfpClip.Tests.Files;

public sealed class ImageSearchTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [SkippableFact]
    public void Hidden_files_and_checkpoint_copies_are_left_out_and_counted()
    {
        string good = Path.Combine(SharedCases.Folder("hidden-files"), "part", "train", "good");

        var found = ImageSearch.Find([good], new SkiaImageDecoder());

        Assert.Equal(["000.png", "001.png", "002.png"], found.Images.Select(Path.GetFileName));
        Assert.Empty(found.Faults);
        Assert.Equal($"{Directory.EnumerateFileSystemEntries(good).Count() - 3} hidden", found.SkippedCounts);
    }

    [Fact]
    public void What_systems_and_tools_leave_behind_is_hidden()
    {
        Files("a.png", "._a.png", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints/a-checkpoint.png", "__MACOSX/._a.png", "__MACOSX/a.png",
            "@eaDir/a.png/thumb.png", ".thumbnails/b.jpg");

        var found = ImageSearch.Find([_root]);

        Assert.Equal(["a.png"], Relative(found));
        Assert.Equal("8 hidden", found.SkippedCounts);
        Assert.Empty(ImageSearch.Folders(_root));
    }

    [SkippableFact]
    public void Every_extension_that_the_decoder_reads_is_taken_and_the_others_are_named()
    {
        string photos = Path.Combine(SharedCases.Folder("endings"), "photos");

        var skia = ImageSearch.Find([photos], new SkiaImageDecoder());

        Assert.Equal(["000.png", "002.png", "004.JPG", "005.jfif", "006.jpe", "007.dib", "008.ico"], skia.Images.Select(Path.GetFileName));
        Assert.Equal(["001.tif", "003.TIFF"], skia.Faults.Select(f => Path.GetFileName(f.Path)));
        Assert.All(skia.Faults, f => Assert.Equal(SkipReason.UnsupportedFormat, f.Reason));
        Assert.Equal(9, ImageSearch.Find([photos]).Images.Count);
        Assert.Contains(ImageSearch.Find([photos], new ImageSharpDecoder()).Images, i => i.EndsWith("003.TIFF", StringComparison.Ordinal));
        foreach (string image in skia.Images)
        {
            Assert.True(new SkiaImageDecoder().Decode(File.ReadAllBytes(image), image, new()).Width > 1);
        }
    }

    [SkippableFact]
    public void Each_file_is_found_once_whatever_links_there_are()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Files("set/photos/z.png", "set/photos/sub/y.png", "set/outside-of-photos.png", "elsewhere/w.png");
        string photos = Path.Combine(_root, "set", "photos");
        File.CreateSymbolicLink(Path.Combine(photos, "a.png"), Path.Combine(photos, "z.png"));
        File.CreateSymbolicLink(Path.Combine(photos, "b.png"), "z.png");
        Directory.CreateSymbolicLink(Path.Combine(photos, "loop"), photos);
        Directory.CreateSymbolicLink(Path.Combine(photos, "sub", "up"), "../..");
        Directory.CreateSymbolicLink(Path.Combine(photos, "twice"), "sub");
        Directory.CreateSymbolicLink(Path.Combine(photos, "more"), Path.Combine(_root, "elsewhere"));
        File.CreateSymbolicLink(Path.Combine(photos, "gone.png"), "nowhere.png");
        File.CreateSymbolicLink(Path.Combine(photos, "self"), "self");
        File.CreateSymbolicLink(Path.Combine(_root, "elsewhere", "back"), photos);

        var found = ImageSearch.Find([photos], new SkiaImageDecoder());

        // The path without a link is taken where there is one.
        Assert.Equal(["set/photos/more/w.png", "set/photos/sub/y.png", "set/photos/z.png"], Relative(found));
        Assert.Equal(["gone.png", "self"], found.Faults.Select(f => Path.GetFileName(f.Path)));
        Assert.All(found.Faults, f => Assert.Equal(SkipReason.DanglingLink, f.Reason));
        Assert.Equal("3 found twice, 3 links to a folder around them", found.SkippedCounts);
        Assert.Equal(["sub"], ImageSearch.Folders(photos).Select(Path.GetFileName).Except(["more", "twice"]));
    }

    [Fact]
    public void A_folder_within_a_folder_that_is_named_too_is_read_once()
    {
        Files("a.png", "sub/b.png");

        var found = ImageSearch.Find([Path.Combine(_root, "sub"), _root, Path.Combine(_root, "a.png")]);

        Assert.Equal(["sub/b.png", "a.png"], Relative(found));
        Assert.All(found.Skipped, s => Assert.Equal(SkipReason.Duplicate, s.Reason));
    }

    [SkippableFact]
    public void Own_outputs_are_left_out_by_mark_by_name_and_by_what_lies_beside_them()
    {
        string photos = Path.Combine(_root, "photos");
        Directory.CreateDirectory(photos);
        foreach (string file in Directory.GetFiles(SharedCases.Folder("own-outputs"), "*.png", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(photos, Path.GetFileName(file)));
        }

        int count = Directory.GetFiles(photos).Length;
        Assert.Equal(2, count);
        OwnOutputs.Mark(Path.Combine(photos, "out"));
        OwnOutputs.Mark(photos);
        Files("photos/out/overview.png", "photos/out/any.jpg", "photos/old/000.overlay.png", "photos/old/000.heatmap.png", "photos/old/000.map16.png",
            "photos/old/overview.png", $"photos/x.png.{Guid.NewGuid():N}.tmp");
        File.WriteAllText(Path.Combine(photos, "old", "report.html"), "<!DOCTYPE html><html><title>MfpClip report</title>");
        Files("photos/shop/overview.png");

        var found = ImageSearch.Find([photos], new SkiaImageDecoder());

        Assert.Equal(["000.png", "001.png", "overview.png"], found.Images.Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(found.Faults);
        Assert.Equal("6 own outputs, 1 not an image", found.SkippedCounts);
        Assert.Equal(SkipReason.OwnOutput, Assert.Single(ImageSearch.Find([Path.Combine(photos, "out")]).Skipped).Reason);
    }

    [Fact]
    public void Nothing_is_dropped_in_silence()
    {
        Files("a.heic", "b.png", "notes.txt", "model.safetensors");
        File.WriteAllBytes(Path.Combine(_root, "empty.jpg"), []);
        File.WriteAllBytes(Path.Combine(_root, "IMG_0001"), [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13, 0, 0, 0, 0, 0]);

        var found = ImageSearch.Find([_root, Path.Combine(_root, "absent")], new SkiaImageDecoder());

        Assert.Equal(["b.png"], Relative(found));
        Assert.Equal(
            [
                ("IMG_0001", SkipReason.WrongExtension), ("a.heic", SkipReason.UnsupportedFormat), ("empty.jpg", SkipReason.Empty),
                ("absent", SkipReason.NotFound),
            ],
            found.Faults.Select(f => (Path.GetFileName(f.Path), f.Reason)));
        Assert.Equal("2 not images", found.SkippedCounts);
        Assert.Contains("rename it", found.Faults.First().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_is_ordinal_and_folders_separate_before_other_characters()
    {
        Files("b.png", "B.png", "a/z.png", "a-1/z.png", "ä.png", "a.png");

        Assert.Equal(["B.png", "a-1/z.png", "a.png", "a/z.png", "b.png", "ä.png"], Relative(ImageSearch.Find([_root])));
    }

    [Fact]
    public void Without_sub_folders_only_the_folder_itself_is_read()
    {
        Files("a.png", "sub/b.png");

        Assert.Equal(["a.png"], Relative(ImageSearch.Find([_root], options: new() { Recursive = false })));
    }

    [Fact]
    public void A_folder_without_images_is_named_and_a_search_is_bounded()
    {
        Files("none/a.txt", "many/1.png", "many/2.png", "many/3.png");

        Assert.Contains(ImageSearch.Find([Path.Combine(_root, "none")]).Skipped, s => s.Reason == SkipReason.NoImages);
        var e = Assert.Throws<ImageSearchException>(() => ImageSearch.Find([Path.Combine(_root, "many")], options: new() { MaximumEntries = 2 }));
        Assert.Contains("more than 2 files", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_are_those_that_were_named()
    {
        Files("a.png");
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), _root);

        Assert.Equal([Path.Combine(relative, "a.png")], ImageSearch.Find([relative]).Images);
        Assert.Equal([Path.Combine(_root, "notes")], ImageSearch.Find([Write("notes")]).Images);
    }

    private string[] Relative(ImageSearchResult found) => [.. found.Images.Select(i => Path.GetRelativePath(_root, i).Replace('\\', '/'))];

    private string Write(string name)
    {
        string path = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "twenty characters: " + name);
        return path;
    }

    private void Files(params string[] names) => Array.ForEach(names, n => Write(n));
}
