using MfpClip.Data;
using MfpClip.Imaging;

namespace MfpClip.Evaluation.Tests.Data;

/// <summary>The published layouts, written as small folders; their trees are those of the data sets' own pages.</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("good", "train", "test")]
    [InlineData("OK", "Train", "Test")]
    [InlineData("Normal", "train", "test")]
    public void Normal_folders_have_several_names_in_any_case(string normal, string train, string test)
    {
        _folder.Picture($"part/{train}/{normal}/0.png");
        _folder.Picture($"part/{test}/{normal}/0.png");
        _folder.Picture($"part/{test}/ko/0.png");

        var found = Assert.Single(DataSetReader.Open(_folder["part"]).Summarise().Categories);

        Assert.Equal((1, 1, 1), (found.TrainNormal, found.TestNormal, found.TestDefective));
        Assert.Equal([("ko", 1)], found.Kinds);
        Assert.Empty(found.Notices);
    }

    [Fact]
    public void Only_normal_images_are_read_for_training_and_a_test_without_them_is_said()
    {
        _folder.Picture("part/train/gut/0.png");
        _folder.Picture("part/test/gut/0.png");
        _folder.Picture("part/test/1.png");

        var found = Assert.Single(DataSetReader.Open(_folder["part"]).Summarise().Categories);

        Assert.Equal((0, 0, 1), (found.TrainNormal, found.TestNormal, found.TestDefective));
        Assert.Contains("good, ok, normal", Assert.Single(found.Notices), StringComparison.Ordinal);
        Assert.Equal([IgnoredReason.NoLabel, IgnoredReason.UnknownFolder], found.Ignored.Select(i => i.Reason).Order());
    }

    [Fact]
    public void Several_masks_of_an_image_are_joined()
    {
        _folder.Picture("bag/test/good/000.png");
        _folder.Picture("bag/test/logical/000.png");
        _folder.Mask("bag/ground_truth/logical/000/000.png", x: 0, y: 0, w: 2, h: 1, value: 236);
        _folder.Mask("bag/ground_truth/logical/000/001.png", x: 1, y: 0, w: 2, h: 3, value: 255);
        _folder.Mask("bag/ground_truth/logical/000/002.png", x: 7, y: 5, w: 1, h: 1, value: 1);

        var set = DataSetReader.Open(_folder["bag"]);

        var sample = set.Categories[0].Samples.Single(s => s.IsAnomalous);
        Assert.Equal((DataSetLayout.MvTecLoco, 3), (set.Layout, sample.MaskPaths.Count));
        // 2 + 6 pixels of which one is shared, and a single one.
        Assert.Equal(8, new SampleReader(new SkiaImageDecoder()).Load(sample).Mask!.Data.Count(v => v));
    }

    [Fact]
    public void Depth_beside_photographs_is_left_out()
    {
        foreach (string kind in new[] { "good", "hole" })
        {
            _folder.Picture($"peach/test/{kind}/rgb/000.png");
            _folder.Mask($"peach/test/{kind}/gt/000.png");
            _folder.Picture($"peach/test/{kind}/xyz/000.tiff");
        }

        _folder.Picture("peach/train/good/rgb/000.png");
        _folder.Picture("peach/train/good/xyz/000.tiff");
        _folder.Picture("peach/validation/good/rgb/000.png");

        var found = Assert.Single(DataSetReader.Open(_folder["peach"]).Summarise().Categories);

        Assert.Equal((1, 1, 1, 1, 1), (found.TrainNormal, found.ValidationNormal, found.TestNormal, found.TestDefective, found.WithMask));
        Assert.Equal(3, found.Ignored.Where(i => i.Reason == IgnoredReason.OtherModality).Sum(i => i.Count));
    }

    [Fact]
    public void Sub_folders_are_read_and_masks_follow_them()
    {
        foreach (string camera in new[] { "cam1", "cam2" })
        {
            _folder.Picture($"part/test/dent/{camera}/000.png");
            _folder.Mask($"part/ground_truth/dent/{camera}/000_mask.png");
            _folder.Picture($"part/test/good/{camera}/000.png");
            _folder.Picture($"own/bad/dent/{camera}/000.png");
            _folder.Mask($"own/masks/dent/{camera}/000.png");
            _folder.Picture($"own/good/{camera}/000.png");
        }

        var samples = DataSetReader.Open(_folder["part"]).Categories[0].Samples;
        var own = DataSetReader.Open(_folder["own"]).Categories[0].Samples;

        Assert.Equal(4, samples.Count);
        Assert.All(samples.Where(s => s.IsAnomalous), s => Assert.Equal(
            s.ImagePath.Replace("test", "ground_truth", StringComparison.Ordinal), s.MaskPath!.Replace("_mask", string.Empty, StringComparison.Ordinal)));
        Assert.All(own.Where(s => s.IsAnomalous), s =>
            Assert.Equal((s.ImagePath.Replace("/bad/", "/masks/", StringComparison.Ordinal), "dent"), (s.MaskPath, s.Defect)));
    }

    [Fact]
    public void Folder_pairs_of_anomalib_are_read_with_kinds_by_their_masks()
    {
        _folder.Picture("hazelnut/good/00.jpg");
        _folder.Picture("hazelnut/crack/00.jpg");
        _folder.Mask("hazelnut/mask/crack/00.png");
        _folder.Picture("hazelnut/other/00.jpg");

        var category = DataSetReader.Open(_folder["hazelnut"]).Categories[0];

        Assert.Equal(["crack"], category.Summarise().Kinds.Select(k => k.Kind));
        Assert.NotNull(category.Samples.Single(s => s.IsAnomalous).MaskPath);
        Assert.Contains("1 image in other/", Assert.Single(category.Ignored).Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void VisA_without_its_split_is_read_from_its_folders()
    {
        _folder.Picture("visa/candle/Data/Images/Normal/0000.JPG");
        _folder.Picture("visa/candle/Data/Images/Anomaly/000.JPG");
        _folder.Mask("visa/candle/Data/Masks/Anomaly/000.png");
        _folder.Text("visa/candle/image_anno.csv", "image,label,mask\ncandle/Data/Images/Anomaly/000.JPG,\"chunk of wax missing,foreign\",m\n");

        var set = DataSetReader.Open(_folder["visa"]);

        Assert.Equal((DataSetLayout.VisaFolders, "candle"), (set.Layout, Assert.Single(set.Categories).Key));
        var bad = set.Categories[0].Test.Single(s => s.IsAnomalous);
        Assert.Equal(("chunk of wax missing,foreign", true), (bad.Defect, bad.MaskPath is not null));
        Assert.Single(DataSetReader.Open(_folder["visa/candle"]).Categories);
    }

    [Theory]
    [InlineData("realiad_jsons/usb.json", "usb")]
    [InlineData("realiad_jsons/realiad_jsons/usb.json", "usb")]
    [InlineData("realiad_jsons/realiad_jsons/usb.json", "")]
    public void Real_IAD_is_read_from_its_lists(string list, string prefix)
    {
        _folder.Picture("iad/realiad_512/usb/OK/S0001/usb_0001_OK_C1.jpg");
        _folder.Picture("iad/realiad_512/usb/OK/S0002/usb_0002_OK_C1.jpg");
        _folder.Picture("iad/realiad_512/usb/NG/AK/S0003/usb_0003_NG_AK_C1.jpg");
        _folder.Mask("iad/realiad_512/usb/NG/AK/S0003/usb_0003_NG_AK_C1.png");
        string path = _folder.Text($"iad/{list}", $$"""
            { "meta": { "prefix": "{{prefix}}", "normal_class": "OK", "pre_transform": false },
              "train": [ { "category": "usb", "anomaly_class": "OK", "image_path": "OK/S0001/usb_0001_OK_C1.jpg", "mask_path": null } ],
              "test": [ { "category": "usb", "anomaly_class": "OK", "image_path": "OK/S0002/usb_0002_OK_C1.jpg", "mask_path": null },
                        { "category": "usb", "anomaly_class": "AK", "image_path": "NG/AK/S0003/usb_0003_NG_AK_C1.jpg",
                          "mask_path": "NG/AK/S0003/usb_0003_NG_AK_C1.png" } ] }
            """);

        foreach (string opened in new[] { _folder["iad"], path })
        {
            var set = DataSetReader.Open(opened);
            var found = Assert.Single(set.Summarise().Categories);
            Assert.Equal((DataSetLayout.RealIad, "usb"), (set.Layout, found.Key));
            Assert.Equal((1, 1, 1, 1), (found.TrainNormal, found.TestNormal, found.TestDefective, found.WithMask));
            Assert.Equal([("AK", 1)], found.Kinds);
        }
    }

    [Theory]
    [InlineData("test/000.png", "test/ holds no folders")]
    [InlineData("ground_truth/bad/000.png", "no folder train/ or test/ beside ground_truth/")]
    [InlineData("split_csv/2cls.csv", "split_csv/ has no 1cls.csv")]
    [InlineData("good/readme.txt", "good/ holds no images")]
    [InlineData("realiad_jsons/readme.txt", "holds JSON files")]
    [InlineData("Data/Images/Odd/000.png", "no folder Normal/ or Anomaly/")]
    [InlineData("list.csv", "list.csv")]
    public void A_folder_that_nearly_has_a_layout_says_which_rule_failed(string file, string says)
    {
        if (file.EndsWith(".png", StringComparison.Ordinal))
        {
            _folder.Picture(file);
        }
        else
        {
            _folder.Text(file, "nothing");
        }

        var e = Assert.Throws<DataSetException>(() => DataSetReader.Open(_folder.Path));

        Assert.Equal(DataSetFault.UnknownLayout, e.Fault);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_beside_the_categories_is_named()
    {
        _folder.Picture("set/nut/test/good/0.png");
        _folder.Picture("set/extra/0.png");

        var set = DataSetReader.Open(_folder["set"]);

        Assert.Equal(IgnoredReason.UnknownFolder, Assert.Single(set.Ignored).Reason);
        Assert.Contains("extra/ is not a category", set.Summarise().Lines[^1], StringComparison.Ordinal);
    }
}
