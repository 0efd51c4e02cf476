using MfpClip.Data;

namespace MfpClip.Evaluation.Tests.Data;

/// <summary>The layouts and lists of the shared cases; what each holds is counted in its folder, not by the reader.</summary>
public sealed class CaseLayoutTests
{
    [SkippableTheory]
    [InlineData("loco", DataSetLayout.MvTecLoco, "screw_bag", 3, 3, 3, 6, 6, 12, "logical_anomalies, structural_anomalies")]
    [InlineData("btad", DataSetLayout.MvTec, "01", 2, 0, 4, 4, 4, 4, "ko")]
    [InlineData("layouts/mv_normal", DataSetLayout.MvTec, "part", 2, 0, 2, 2, 2, 2, "anomaly")]
    [InlineData("layouts/plain_sub", DataSetLayout.PlainFolder, "plain_sub", 0, 0, 4, 2, 2, 2, "scratch")]
    [InlineData("layouts/mvtec_ad_2", DataSetLayout.MvTecAd2, "can", 2, 2, 2, 2, 2, 2, "bad")]
    [InlineData("layouts/mvtec3d", DataSetLayout.MvTec3D, "bagel", 2, 0, 2, 2, 2, 2, "crack")]
    [InlineData("layouts/folder_normal_abnormal", DataSetLayout.PlainFolder, "folder_normal_abnormal", 0, 0, 2, 2, 2, 2, "abnormal")]
    [InlineData("lists/meta_plain", DataSetLayout.MetaJson, "candle", 1, 0, 1, 2, 2, 2, "anomaly")]
    [InlineData("lists/meta_bom", DataSetLayout.MetaJson, "candle", 1, 0, 1, 2, 2, 2, "anomaly")]
    [InlineData("lists/meta_utf16", DataSetLayout.MetaJson, "candle", 1, 0, 1, 2, 2, 2, "anomaly")]
    [InlineData("lists/visa_plain", DataSetLayout.Visa, "candle", 1, 0, 1, 2, 2, 2, "anomaly")]
    [InlineData("lists/visa_bom_crlf", DataSetLayout.Visa, "candle", 1, 0, 1, 2, 2, 2, "anomaly")]
    [InlineData("lists/visa_dup", DataSetLayout.Visa, "candle", 1, 0, 1, 2, 2, 2, "anomaly")]
    [InlineData("hidden-files", DataSetLayout.MvTec, "part", 3, 0, 2, 2, 2, 2, "bad")]
    public void Every_image_and_mask_of_a_case_is_found(
        string path, DataSetLayout layout, string key, int train, int validation, int normal, int defective, int withMask, int maskFiles, string kinds)
    {
        var set = DataSetReader.Open(SharedCases.Folder(path));

        var found = Assert.Single(set.Summarise().Categories);
        Assert.Equal((layout, key), (set.Layout, found.Key));
        Assert.Equal(
            (train, validation, normal, defective, withMask, maskFiles),
            (found.TrainNormal, found.ValidationNormal, found.TestNormal, found.TestDefective, found.WithMask, found.MaskFiles));
        Assert.Equal(kinds, string.Join(", ", found.Kinds.Select(k => k.Kind)));
    }

    [SkippableFact]
    public void Repeated_lines_are_named_and_counted_once()
    {
        var category = DataSetReader.Open(SharedCases.Folder("lists/visa_dup")).Categories[0];

        var ignored = Assert.Single(category.Ignored);
        Assert.Equal((IgnoredReason.RepeatedLine, 2), (ignored.Reason, ignored.Count));
        Assert.Contains(
            "line 6: candle/Data/Images/Anomaly/001.JPG, line 7: candle/Data/Images/Normal/0001.JPG", ignored.Explanation, StringComparison.Ordinal);
        Assert.Equal(4, category.Samples.Count);
    }

    [SkippableFact]
    public void Images_without_labels_are_said_to_be_left_out()
    {
        var set = DataSetReader.Open(SharedCases.Folder("layouts/mvtec_ad_2"));

        Assert.Contains(set.Categories[0].Ignored, i => i is { Reason: IgnoredReason.NoLabel, Count: 2 });
        Assert.Contains("ignored: 2 images in test_private/ (without labels)", set.Summarise().ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Categories_of_one_name_keep_keys_of_their_own()
    {
        string cases = SharedCases.Folder("two-sets");

        var joined = DataSetReader.Open([Path.Combine(cases, "lineA"), Path.Combine(cases, "lineB")]);
        var whole = DataSetReader.Open(cases);

        Assert.Equal(["lineA/part", "lineB/part"], joined.Categories.Select(c => c.Key));
        Assert.Equal(["lineA", "lineB"], joined.Categories.Select(c => c.DataSet));
        Assert.Equal(["lineA/part", "lineB/part"], whole.Categories.Select(c => c.Key));
    }
}
