namespace MfpClip.Data;

/// <summary>What was noticed while the mask of a defective image was read.</summary>
[Flags]
public enum MaskNotices
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The file is lossy (JPEG): pixels from half brightness on count as defect.</summary>
    Lossy = 1,

    /// <summary>The mask is in the alpha channel: pixels that are not transparent count as defect.</summary>
    FromAlpha = 2,

    /// <summary>All colours of the palette in use are black, or none is: indices other than 0 count as defect.</summary>
    FromIndices = 4,

    /// <summary>No pixel is defect, though the image is defective: where the defect is remains unknown.</summary>
    Black = 8,

    /// <summary>Every pixel is defect: where the defect is remains unknown.</summary>
    Full = 16,

    /// <summary>The image carries an EXIF orientation and was turned upright; the mask is taken as drawn on the upright image.</summary>
    Turned = 32,

    /// <summary>The mask fits the image better as it is stored than turned upright: it was probably drawn on unturned pixels.</summary>
    FitsUnturned = 64,
}
