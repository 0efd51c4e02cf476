namespace MfpClip.Data;

/// <summary>How a data set lies on disk; docs/data-sets.md shows each.</summary>
public enum DataSetLayout
{
    /// <summary>MVTec AD: <c>category/test/kind</c>, <c>category/ground_truth/kind</c>, <c>category/train/good</c>. BTAD and MPDD have it too.</summary>
    MvTec,

    /// <summary>VisA: <c>split_csv/1cls.csv</c> lists object, split, label, image, mask.</summary>
    Visa,

    /// <summary><c>meta.json</c> of AnomalyCLIP and APRIL-GAN.</summary>
    MetaJson,

    /// <summary>A folder of normal images, one of defective images and, where there are any, one of masks: <c>good</c>, <c>bad</c>, <c>masks</c>.</summary>
    PlainFolder,

    /// <summary>MVTec LOCO: as <see cref="MvTec"/>, with several masks an image in <c>ground_truth/kind/image/</c>.</summary>
    MvTecLoco,

    /// <summary>MVTec AD 2: <c>test_public/{good,bad,ground_truth}</c>; <c>test_private</c> has no labels and is left out.</summary>
    MvTecAd2,

    /// <summary>MVTec 3D: <c>rgb</c> and <c>gt</c> below each kind; the depth in <c>xyz</c> is left out.</summary>
    MvTec3D,

    /// <summary>VisA as it is unpacked, without its split: <c>category/Data/Images/{Normal,Anomaly}</c>, <c>category/Data/Masks/Anomaly</c>.</summary>
    VisaFolders,

    /// <summary>Real-IAD: <c>realiad_jsons/category.json</c> beside a folder of images and masks.</summary>
    RealIad,

    /// <summary>A table of images, <c>images.csv</c> or <c>images.json</c>, with the columns image, label, mask, category, split, kind.</summary>
    Table,
}
